"""A reader sees the old file or the new one, and nothing is left behind."""

from pathlib import Path

import pytest

from model.files import replacing, write


def _fail_half_way(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(b"ne")
        raise OSError("full")


def test_a_write_that_fails_half_way_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "new" / "evidence.json"
    write(path, b"old")
    with pytest.raises(OSError, match="full"):
        _fail_half_way(path)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_write_replaces_the_old_file(tmp_path):
    path = tmp_path / "evidence.json"
    write(path, b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
