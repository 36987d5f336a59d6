"""Files of callers are read whatever they hold: what is too long or damaged is named, and the next read."""

import gzip
import io
import tracemalloc
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import rows
from monitoring.experiments import reading
from monitoring.experiments.assignment import inference_id
from monitoring.experiments.joining import Exposure, Troubles
from monitoring.storage import files, told, told_tables
from monitoring.storage.told import Told
from release.domain.errors import UsageError
from tests.examples import examples
from tests.release.adapters.s3 import FakeS3

AT = datetime(2026, 11, 1, 1, tzinfo=UTC)
ID = "3f2a9c01d4e7"
GOOD = b'{"key": "user-1", "variant": "live", "at": "2026-11-01T01:00:00Z"}\n'


def read(place, **bounds):
    """What a place says of exposures, and what was set aside by which name."""
    troubles = Troubles()
    found = list(reading.exposures(Told(None, **bounds).lines(str(place)), troubles))
    return found, dict(troubles.counts), {cause: keys for cause, keys in troubles.keys.items() if keys}


def table(path, **columns):
    at = pa.array([AT] * len(columns[rows.INFERENCE]), pa.timestamp("ms", "UTC"))
    pq.write_table(pa.table({rows.AT: at, **columns}), path)


def test_a_folder_is_read_file_by_file_unpacked_and_nothing_else_in_it(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/2.jsonl").write_text("3\n")
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress(b"1\n2\n"))
    (tmp_path / "notes.txt").write_text("no")
    read = Told(None).lines(str(tmp_path))
    assert [(line.place.removeprefix(f"{tmp_path}/"), line.number, line.data) for line in read] == [
        ("1.csv.gz", 1, b"1"),
        ("1.csv.gz", 2, b"2"),
        ("b/2.jsonl", 1, b"3"),
    ]


def test_a_place_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no file or folder"):
        list(Told(None).lines(str(tmp_path / "none")))


def test_a_prefix_with_nothing_under_it_has_no_lines():
    assert list(Told(FakeS3()).lines("s3://bucket/experiments/x/")) == []


def test_rows_of_captured_records_are_read_from_their_tables(tmp_path):
    at = datetime(2026, 11, 1, 1, tzinfo=UTC)
    columns = {
        rows.INFERENCE: [inference_id("3f2a9c01d4e7", "user-1"), None],
        rows.VARIANT: ["candidate", "live"],
        rows.AT: pa.array([at, at], pa.timestamp("ms", "UTC")),
        rows.SCORE: [0.1, 0.2],
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    troubles = Troubles()
    found = list(reading.exposures(Told(None).lines(str(tmp_path)), troubles))
    assert found == [
        Exposure("user-1", "candidate", at, "3f2a9c01d4e7"),
        Exposure(None, "live", at),
    ]
    assert not troubles.counts


def test_a_file_of_a_kind_that_is_not_read_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(GOOD)
    with pytest.raises(UsageError, match="is none of"):
        list(Told(None).lines(str(tmp_path / "a.txt")))


def test_a_line_that_is_too_long_is_named_and_the_next_one_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(files.blocks, "__defaults__", (100,))
    (tmp_path / "a.jsonl").write_bytes(GOOD + b"x" * 5_000 + b"\n" + GOOD)
    found, counts, named = read(tmp_path)
    assert len(found) == 2
    assert counts == {reading.LONG: 1}
    assert named == {reading.LONG: [f"{tmp_path}/a.jsonl:2"]}


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(GOOD * 3)[:-9],
        gzip.compress(GOOD * 3) + b"garbage",
        gzip.compress(GOOD * 3) + gzip.compress(b"x" * 5_000_000),
    ],
    ids=["cut off", "with more behind it", "a bomb"],
)
def test_a_packed_file_is_read_as_far_as_it_can_be_and_named(tmp_path, packed):
    (tmp_path / "a.jsonl.gz").write_bytes(packed)
    (tmp_path / "b.jsonl").write_bytes(GOOD)
    found, counts, named = read(tmp_path, most=4_000_000)
    assert (len(found), counts) == (4, {reading.FILE: 1})
    assert named == {reading.FILE: [f"{tmp_path}/a.jsonl.gz"]}


def test_what_a_small_packed_file_unpacks_to_does_not_fill_the_memory(tmp_path):
    """A quarter of a gigabyte without a line's end: no more of it is kept than one longest line."""
    bomb = gzip.compress(bytes(16 << 20), 1) * 16 + gzip.compress(b"\n" + GOOD)
    (tmp_path / "a.jsonl.gz").write_bytes(bomb)
    tracemalloc.start()
    found, counts, _ = read(tmp_path)
    most, _ = tracemalloc.get_traced_memory()[1], tracemalloc.stop()
    assert (len(found), counts) == (1, {reading.LONG: 1})
    assert most < 2 * files.LONGEST


def test_a_file_that_is_gone_when_it_is_read_is_named(monkeypatch):
    s3 = FakeS3()
    s3.objects = {"x/a.jsonl": GOOD, "x/b.jsonl": GOOD}
    listed = told.objects.listed
    monkeypatch.setattr(told.objects, "listed", lambda *asked: [*listed(*asked), {"Key": "x/c.jsonl"}])
    troubles = Troubles()
    assert len(list(reading.exposures(Told(s3).lines("s3://bucket/x/"), troubles))) == 2
    assert troubles.keys == {reading.FILE: ["s3://bucket/x/c.jsonl"]}


def test_a_file_that_may_not_be_opened_is_named(tmp_path):
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "none")
    (tmp_path / "b.jsonl").write_bytes(GOOD)
    found, counts, _ = read(tmp_path)
    assert (len(found), counts) == (1, {reading.FILE: 1})


class TestTables:
    @pytest.mark.parametrize(
        "columns",
        [
            {"x": [1]},
            {rows.INFERENCE: ["a"], rows.VARIANT: ["live"]},
            {rows.INFERENCE: [1], rows.VARIANT: ["live"], rows.AT: [1]},
            {rows.INFERENCE: ["a"], rows.VARIANT: ["live"], rows.AT: [["x"]]},
        ],
    )
    def test_a_table_of_something_else_is_named_as_a_file(self, tmp_path, columns):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        (tmp_path / "b.jsonl").write_bytes(GOOD)
        found, counts, named = read(tmp_path)
        assert (len(found), counts) == (1, {reading.FILE: 1})
        assert named == {reading.FILE: [f"{tmp_path}/a.parquet"]}

    def test_a_value_that_is_too_long_is_named_by_its_row(self, tmp_path):
        """A dictionary holds it once for all rows that have it: told for each it would fill the memory."""
        held = pa.array([inference_id(ID, "user-1"), "x" * (1 << 20)])
        inference = pa.DictionaryArray.from_arrays(pa.array([0, *[1] * 2_000]), held)
        table(tmp_path / "a.parquet", **{rows.INFERENCE: inference, rows.VARIANT: ["live"] * 2_001})
        found, counts, named = read(tmp_path)
        assert (found, counts) == ([Exposure("user-1", "live", AT, ID)], {reading.LONG: 2_000})
        assert named[reading.LONG][0] == f"{tmp_path}/a.parquet:2"

    def test_a_table_that_is_too_large_is_named(self, tmp_path, monkeypatch):
        table(tmp_path / "a.parquet", **{rows.INFERENCE: ["a" * 500], rows.VARIANT: ["live"]})
        assert read(tmp_path)[1] == {}
        monkeypatch.setattr(told_tables, "MOST", 100)
        assert read(tmp_path)[1] == {reading.FILE: 1}

    def test_a_time_that_no_calendar_has_is_named_by_its_row(self, tmp_path):
        at = pa.array([1_793_494_800_000_000, 2**63 - 1, -(2**63), None], pa.int64())
        columns = {rows.INFERENCE: [inference_id(ID, "user-1")] * 4, rows.VARIANT: ["live"] * 4}
        told_at = at.cast(pa.timestamp("us", "UTC"))
        pq.write_table(pa.table({**columns, rows.AT: told_at}), tmp_path / "a.parquet")
        found, counts, named = read(tmp_path)
        assert (found, counts) == ([Exposure("user-1", "live", AT, ID)], {reading.UNREADABLE: 3})
        assert named[reading.UNREADABLE][0] == f"{tmp_path}/a.parquet:2"

    @examples(0.5)
    @given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=4))
    def test_a_damaged_table_ends_no_look(self, changes):
        written = io.BytesIO()
        table(
            written,
            **{
                rows.INFERENCE: [inference_id(ID, f"user-{n}") for n in range(50)],
                rows.VARIANT: ["live"] * 50,
            },
        )
        data = bytearray(written.getvalue())
        for place, byte in changes:
            data[place % len(data)] = byte
        troubles = Troubles()
        found = list(reading.exposures(told_tables.lines("a.parquet", io.BytesIO(bytes(data))), troubles))
        assert len(found) + troubles.counts.total() <= 51


@examples(2)
@given(st.binary(max_size=300), st.sampled_from(told.KINDS), st.booleans(), st.integers(len(GOOD), 200))
def test_whatever_bytes_a_file_holds_it_ends_no_look(data, kind, whole, most):
    """Each line is an exposure, a name of what it is not, a blank one or a head; or the file is named."""
    place = f"a/live/2026/11/01/01/x{kind}"
    packed = gzip.compress(data) if kind.endswith(".gz") and whole else data
    s3, troubles = FakeS3(), Troubles()
    s3.objects = {place: packed, f"{place[:-1]}": b"", "a/z.jsonl": GOOD}
    lines = list(Told(s3, most=most if not whole else 1 << 20).lines("s3://bucket/a/"))
    found = list(reading.exposures(lines, troubles))
    assert found[-1] == Exposure("user-1", "live", AT) or troubles.counts[reading.FILE]
    silent = [
        line
        for line in lines
        if not line.fault and not line.data.removeprefix(b"\xef\xbb\xbf" * (line.number == 1)).strip(b" \t\r")
    ]
    heads = 1 if kind.removesuffix(".gz") == ".csv" else 0
    assert 0 <= len(lines) - len(silent) - len(found) - troubles.counts.total() <= heads
