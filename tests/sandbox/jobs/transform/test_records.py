"""Files that are cut into records, and records that are put into requests."""

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jobs.transform.faults import FileFailed
from sandbox.jobs.transform.records import payloads, records, unpacked

CONTENTS = st.lists(st.sampled_from([b"a,1", b"", b"b,2\r", b"longer,than,most,lines", b"\n"])).map(
    b"\n".join
)


@given(CONTENTS, st.booleans())
def test_records_are_the_file_and_nothing_else(content: bytes, by_line: bool) -> None:
    found = records(content, by_line)
    assert b"".join(found) == content
    assert not by_line or all(b"\n" not in record[:-1] for record in found)


@given(CONTENTS, st.integers(23, 60), st.booleans())
def test_requests_carry_every_record_once_and_in_order_within_the_limit(
    content: bytes, limit: int, single: bool
) -> None:
    found = records(content, by_line=True)
    batches = list(payloads(found, limit, single))
    assert [record for batch in batches for record in batch] == found
    assert all(len(b"".join(batch)) <= limit for batch in batches)
    if single:
        assert all(len(batch) == 1 for batch in batches)
    else:
        # none could have taken the next record too
        for batch, following in itertools.pairwise(batches):
            assert len(b"".join([*batch, following[0]])) > limit


def test_a_record_over_the_limit_fails() -> None:
    with pytest.raises(FileFailed, match="Too much data for max payload size"):
        list(payloads([b"1234\n", b"12345\n"], 5, single=False))


def test_without_a_limit_one_request_carries_all() -> None:
    assert list(payloads([b"1\n", b"2\n"], None, single=False)) == [[b"1\n", b"2\n"]]


def test_without_a_split_a_file_is_one_record() -> None:
    assert records(b"1\n2\n", by_line=False) == [b"1\n2\n"]
    assert records(b"", by_line=True) == []


def test_a_file_that_is_not_gzipped_well_is_bad_data_of_its_own() -> None:
    good = gzip.compress(b"1\n22\n")
    assert unpacked(good) == b"1\n22\n"
    damaged = {
        "no gzip": b"1\n22\n",
        "another checksum": good[:-8] + bytes(8),
        "cut short": good[:-9],
        "no deflated data": good[:10] + b"\xff" * len(good),
    }
    for what, content in damaged.items():
        with pytest.raises(FileFailed, match="Failed to decompress the input as Gzip: "):
            pytest.fail(f"{what} is unpacked as {unpacked(content)!r}")
