"""The spool holds what it may, and files may go while it looks how much that is."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.serving.capture.spool import LOOK_SECONDS, MOST_BYTES, SUFFIX, Full, Spool

AT = datetime(2026, 11, 30, 2, 14, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def lines(place: Path) -> list[bytes]:
    return [line for file in place.glob(f"*{SUFFIX}") for line in file.read_bytes().splitlines()]


def test_a_full_spool_looks_once_a_second_whether_it_still_is(tmp_path):
    clock, other = Clock(), tmp_path / f"2026-11-30-01.other{SUFFIX}"
    spool = Spool(tmp_path, clock)
    other.touch()
    os.truncate(other, MOST_BYTES + 1)
    with pytest.raises(Full):
        spool.add(AT, b"1\n")
    other.unlink()
    with pytest.raises(Full):
        spool.add(AT, b"2\n")
    clock.time += LOOK_SECONDS
    spool.add(AT, b"3\n")
    assert lines(tmp_path) == [b"3"]


def test_a_spool_that_is_not_full_needs_no_second_for_its_next_file(tmp_path):
    spool = Spool(tmp_path, Clock())
    spool.add(AT, b"1\n")
    spool.close()
    spool.add(AT, b"2\n")
    assert sorted(lines(tmp_path)) == [b"1", b"2"]


def test_a_file_that_is_gone_when_its_size_is_asked_for_weighs_nothing(tmp_path):
    (tmp_path / f"2026-11-30-01.gone{SUFFIX}").symlink_to(tmp_path / "nowhere")  # listed, and not there
    spool = Spool(tmp_path)
    spool.add(AT, b"1\n")
    spool.close()
    found = [file for file in tmp_path.glob(f"*{SUFFIX}") if not file.is_symlink()]
    assert [file.read_bytes() for file in found] == [b"1\n"]
