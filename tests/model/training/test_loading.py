"""Files that cannot be trusted are named before they are read, and a set larger than memory is refused."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from model.contract import Data, SourceFile
from model.errors import DataError
from model.skeletons.binary.service import Skeleton
from model.training import memory
from model.training.loading import load
from model.training.source_file import SAMPLE_BYTES, look

ROWS = pd.DataFrame(
    {"when": [f"2026-01-{day:02}" for day in range(1, 31)], "wait_days": 3.5, "ward": "north"}
)
CSV = ROWS.to_csv(index=False).encode()
WANTED = ("when", "wait_days")


def parquet(rows: pd.DataFrame = ROWS) -> bytes:
    out = io.BytesIO()
    rows.to_parquet(out, index=False)
    return out.getvalue()


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", content)
    return out.getvalue()


class Reading(Skeleton):
    """A service that reads one file."""

    def __init__(self, path: Path, chunked: bool = False) -> None:
        self.file = SourceFile(path, WANTED, chunked=chunked)

    def sources(self):
        return (self.file,)

    def load(self, cache):
        return Data(pd.read_csv(self.file.path), "1")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", CSV),
        ("rows.csv", CSV.rstrip()),
        ("rows.csv.gz", gzip.compress(CSV)),
        ("rows.csv.zip", zipped(CSV)),
        ("rows.parquet", parquet()),
    ],
    ids=range(5),
)
def test_a_whole_file_has_no_problem_and_its_size_in_memory_is_known(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    problems, size = look(SourceFile(path, WANTED))
    assert not problems
    assert size == pytest.approx(ROWS[list(WANTED)].memory_usage(deep=True).sum(), rel=0.5)


def test_a_file_that_is_larger_than_its_sample_is_weighed_by_some_of_its_rows(tmp_path):
    """Its cells hold line ends, so that the sample ends within one."""
    rows = pd.DataFrame({"when": ["a\nb\n, c"] * 100_000, "wait_days": 3.25, "note": "x" * 20})
    path = tmp_path / "rows.csv"
    rows.to_csv(path, index=False)
    assert path.stat().st_size > 2 * SAMPLE_BYTES
    problems, size = look(SourceFile(path, WANTED))
    assert not problems
    assert size == pytest.approx(rows[list(WANTED)].memory_usage(deep=True).sum(), rel=0.2)


def test_another_separator_and_encoding_are_read_as_they_are_declared(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(ROWS.assign(ward="Süd").to_csv(index=False, sep=";").encode("latin-1"))
    assert not look(SourceFile(path, WANTED, separator=";", encoding="latin-1")).problems
    (problem,) = look(SourceFile(path, WANTED)).problems
    assert "cannot be read" in problem.what


def test_a_row_whose_last_cell_has_line_ends_is_not_cut_off(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('when,wait_days,note\nx,1,"a\nb"')
    assert not look(SourceFile(path, WANTED)).problems


CASES: dict[str, tuple[str, bytes, str, str]] = {
    "empty": ("rows.csv", b"", "is empty (0 bytes)", "Get the file again, whole"),
    "not fetched from Git LFS": (
        "rows.csv",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "is a pointer of Git LFS",
        "git lfs pull --include rows.csv",
    ),
    "a header alone": ("rows.csv", CSV[: CSV.index(b"\n") + 1], "has no rows", "Get the file"),
    "cut off within a row": (
        "rows.csv",
        CSV[:-12],
        "ends in the middle of its last row: 1 of 3 columns",
        "Get the file again, whole",
    ),
    "cut off and compressed": (
        "rows.csv.gz",
        gzip.compress(CSV)[:-20],
        "cannot be read",
        "Get the file",
    ),
    "a damaged archive": ("rows.csv.zip", zipped(CSV)[:60], "cannot be read", "Get the file"),
    "Parquet without its end": ("rows.parquet", parquet()[:-30], "cannot be read", "Get the file"),
    "Parquet without rows": ("rows.parquet", parquet(ROWS.head(0)), "has no rows", "Get the file"),
    "no text": ("rows.csv", b"\xff\xfe\x00" * 40, "cannot be read", "Get the file"),
    "a column gone": (
        "rows.csv",
        ROWS.drop(columns="wait_days").to_csv(index=False).encode(),
        "no column 'wait_days'",
        "'wait_days'",
    ),
    "a column renamed": (
        "rows.csv",
        ROWS.rename(columns={"wait_days": "WaitDays"}).to_csv(index=False).encode(),
        "no column 'wait_days', and 'WaitDays' is likely its new name",
        "rename(columns={'WaitDays': 'wait_days'})",
    ),
    "a column of Parquet renamed": (
        "rows.parquet",
        parquet(ROWS.rename(columns={"wait_days": "days_wait"})),
        "'days_wait' is likely its new name",
        "rename(columns={'days_wait': 'wait_days'})",
    ),
}


@pytest.mark.parametrize(("name", "content", "what", "fix"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_with_a_file_is_named_before_it_is_read(
    tmp_path, monkeypatch, name, content, what, fix
):
    path = tmp_path / name
    path.write_bytes(content)
    monkeypatch.setattr(Reading, "load", lambda self, cache: pytest.fail("it was read"))
    with pytest.raises(DataError) as caught:
        load(Reading(path), tmp_path)
    assert str(path) in caught.value.cause
    assert what in caught.value.cause
    assert fix in caught.value.next_step


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path):
    for path, what in ((tmp_path / "rows.csv", "is not there"), (tmp_path, "cannot be read")):
        with pytest.raises(DataError) as caught:
            load(Reading(path), tmp_path)
        assert f"{path} {what}" in caught.value.cause


def test_what_is_larger_than_the_memory_is_refused_before_it_is_read_with_both_numbers(tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    path.write_bytes(CSV)
    needed = 2 * look(SourceFile(path, WANTED)).bytes
    monkeypatch.setattr(Reading, "load", lambda self, cache: pytest.fail("it was read"))
    with pytest.raises(DataError) as caught:
        load(Reading(path), tmp_path, available=lambda: needed - 1)
    assert f"about {needed:,} bytes of memory, and {needed - 1:,} are available" in caught.value.cause
    assert "in chunks" in caught.value.next_step


@pytest.mark.parametrize("available", [10**9, None])
def test_what_is_not_larger_is_read_and_where_nobody_knows_too(tmp_path, available):
    path = tmp_path / "rows.csv"
    path.write_bytes(CSV)
    assert len(load(Reading(path), tmp_path, available=lambda: available).table) == len(ROWS)


def test_one_that_is_read_in_chunks_may_be_larger(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(CSV)
    assert len(load(Reading(path, chunked=True), tmp_path, available=lambda: 1).table) == len(ROWS)


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (pd.errors.ParserError("Expected 3 fields in line 7, saw 4"), "line 7, saw 4"),
        (pd.errors.MergeError("Merge keys are not unique in right dataset"), "keys are not unique"),
        (KeyError("ward"), "KeyError: 'ward'"),
        (MemoryError(), "larger than the memory"),
    ],
    ids=range(4),
)
def test_what_load_itself_stumbles_over_is_said_in_our_words(tmp_path, monkeypatch, error, what):
    def load_it(self: Skeleton, cache: Path) -> Data:
        raise error

    monkeypatch.setattr(Skeleton, "load", load_it)
    with pytest.raises(DataError) as caught:
        load(Skeleton(), tmp_path)
    assert what in caught.value.cause
    assert caught.value.consequence == "Nothing was trained."


class TestMemory:
    @pytest.fixture
    def machine(self, tmp_path: Path) -> Callable[..., int | None]:
        (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    4000 kB\n")

        def available(**files: str) -> int | None:
            for name, text in files.items():
                (tmp_path / name.replace("_", ".")).write_text(text)
            return memory.available(tmp_path / "meminfo", tmp_path)

        return available

    def test_it_is_what_the_machine_has(self, machine):
        assert machine() == 4000 * 1024

    def test_a_containers_limit_counts_where_it_is_less(self, machine):
        assert machine(memory_max="2000000\n", memory_current="500000\n") == 1_500_000

    def test_no_limit_is_none(self, machine):
        assert machine(memory_max="max\n", memory_current="500000\n") == 4000 * 1024
