"""The folder of a run: what may be written into it, and what is taken out of it."""

import io
import tarfile
from pathlib import Path

import pytest

from sandbox.jobs.running.folders import changed, files_below, in_ml, packed, write_files
from sandbox.jobs.running.mirrored import Mirrored
from sandbox.jobs.running.objects import Owner


def test_files_are_written_below_their_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_files(folder, [("a", b"1"), ("deep/er/b", b"2"), ("/c", b"3")])
    assert dict(files_below(folder)) == {
        "a": folder / "a",
        "c": folder / "c",
        "deep/er/b": folder / "deep/er/b",
    }
    with pytest.raises(OSError, match="outside"):
        write_files(folder, [("../out", b"")])
    with pytest.raises(OSError, match="a"):
        write_files(folder, [("a/b", b"an object below the name of another")])


def test_a_place_in_ml_is_below_it(tmp_path: Path) -> None:
    assert in_ml(tmp_path, "/opt/ml/checkpoints/deep") == tmp_path / "checkpoints/deep"
    for elsewhere in ("/opt/program", "/opt/ml/../program", "checkpoints"):
        with pytest.raises(ValueError, match=elsewhere):
            in_ml(tmp_path, elsewhere)


def test_an_empty_folder_makes_no_archive(tmp_path: Path) -> None:
    assert packed(tmp_path) is None
    assert packed(tmp_path / "not there") is None


def test_an_archive_has_the_folders_entries_by_their_names(tmp_path: Path) -> None:
    write_files(tmp_path, [("model.onnx", b"x"), ("code/inference.py", b"y")])
    archive = packed(tmp_path)
    assert archive is not None
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        assert tar.getnames() == ["code", "code/inference.py", "model.onnx"]


def test_what_has_changed_is_found(tmp_path: Path) -> None:
    write_files(tmp_path, [("a", b"1"), ("b", b"1")])
    known = changed(tmp_path, {})
    assert changed(tmp_path, known) == {}
    (tmp_path / "b").write_bytes(b"22")
    assert list(changed(tmp_path, known)) == ["b"]


class Bucket:
    """Objects in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.writes: list[str] = []

    def read(self, owner: Owner, uri: str) -> bytes:
        return self.kept[uri]

    def below(self, owner: Owner, uri: str) -> list[str]:
        return sorted(key for key in self.kept if key.startswith(uri))

    def write(self, owner: Owner, uri: str, content: bytes, key: str = "") -> None:
        self.writes.append(uri)
        self.kept[uri] = content


def test_checkpoints_are_brought_and_written_as_they_change(tmp_path: Path) -> None:
    bucket, owner = Bucket(), Owner("1", "r", "role")
    bucket.kept = {"s3://b/kept/epoch": b"1", "s3://b/kept-elsewhere": b"not these"}
    checkpoints = Mirrored(tmp_path / "checkpoints", "s3://b/kept", bucket, owner)
    checkpoints.bring()
    assert [name for name, _ in files_below(tmp_path / "checkpoints")] == ["epoch"]
    checkpoints.write()
    assert bucket.writes == []
    (tmp_path / "checkpoints/deep").mkdir()
    (tmp_path / "checkpoints/deep/state").write_text("new")
    (tmp_path / "checkpoints/epoch").write_text("22")
    checkpoints.write()
    checkpoints.write()
    assert sorted(bucket.writes) == ["s3://b/kept/deep/state", "s3://b/kept/epoch"]
