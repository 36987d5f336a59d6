"""The folder of a run: what may be written into it, and what is taken out of it."""

import io
import os
import tarfile
from pathlib import Path
from threading import Event, Thread

import pytest

from sandbox.jobs.running.folders import in_ml, write_files
from sandbox.jobs.running.mirrored import Mirrored
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.running.reading import changed, files_below, packed, read_file, told_in


def test_files_are_written_below_their_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_files(folder, [("a", b"1"), ("deep/er/b", b"2"), ("/c", b"3")])
    assert [name for name, _ in files_below(folder, folder)] == ["a", "c", "deep/er/b"]
    assert read_file(folder, folder / "deep/er/b") == b"2"
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
    assert packed(tmp_path, tmp_path) is None
    assert packed(tmp_path, tmp_path / "not there") is None


def test_an_archive_has_the_folders_entries_by_their_names(tmp_path: Path) -> None:
    write_files(tmp_path, [("model.onnx", b"x"), ("code/inference.py", b"y")])
    archive = packed(tmp_path, tmp_path)
    assert archive is not None
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        assert tar.getnames() == ["code", "code/inference.py", "model.onnx"]


def test_what_has_changed_is_found(tmp_path: Path) -> None:
    write_files(tmp_path, [("a", b"1"), ("b", b"1")])
    known = changed(tmp_path, tmp_path, {})
    assert changed(tmp_path, tmp_path, known) == {}
    (tmp_path / "b").write_bytes(b"22")
    assert list(changed(tmp_path, tmp_path, known)) == ["b"]


@pytest.fixture
def ml(tmp_path: Path) -> Path:
    """A run's /opt/ml, beside a file and a folder of this machine that its program may not read."""
    write_files(tmp_path, [("host/secret", b"of this machine")])
    (tmp_path / "ml").mkdir()
    write_files(tmp_path / "ml", [("output/data/own", b"of the job"), ("model/own", b"of the job")])
    return tmp_path / "ml"


def test_a_folder_that_is_a_link_is_refused(ml: Path) -> None:
    (ml / "linked").symlink_to(ml.parent / "host")
    (ml / "behind").symlink_to(ml.parent)
    mirrored = Mirrored(ml, ml / "behind/host", "s3://b/kept", Bucket(), Owner("1", "r", "role"))
    for folder in (ml / "linked", ml / "behind/host"):
        for read in (packed, lambda ml, folder: list(files_below(ml, folder))):
            with pytest.raises(OSError, match="is a link"):
                read(ml, folder)
    with pytest.raises(OSError, match="is a link"):
        mirrored.write()


def test_links_in_a_folder_are_packed_as_links_and_are_no_files(ml: Path) -> None:
    (ml / "model/file").symlink_to(ml.parent / "host/secret")
    (ml / "model/folder").symlink_to(ml.parent / "host")
    assert [name for name, _ in files_below(ml, ml / "model")] == ["own"]
    with pytest.raises(OSError, match="is a link"):
        read_file(ml, ml / "model/folder/secret")
    archive = packed(ml, ml / "model")
    assert archive is not None
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        assert [(one.name, one.issym()) for one in tar] == [("file", True), ("folder", True), ("own", False)]


def test_what_a_program_tells_is_its_own(ml: Path) -> None:
    (ml / "output/failure").symlink_to(ml.parent / "host/secret")
    assert told_in(ml, ml / "output/failure", 9) == ""
    (ml / "output/failure").unlink()
    (ml / "output/failure").write_text("it broke")
    assert told_in(ml, ml / "output/failure", 9) == "it broke"


def test_what_a_program_tells_ends_with_a_whole_character(ml: Path) -> None:
    place = ml / "output/failure"
    for told, most, read in [
        ("ab\u00fc", 4, "ab\u00fc"),
        ("ab\u00fc", 3, "ab"),
        ("\u00fc", 1, ""),
        ("abc", 2, "ab"),
    ]:
        place.write_text(told, encoding="utf-8")
        assert told_in(ml, place, most) == read
    for none in (b"ab\xfc", b"ab\xfcd", b"\xc3"):
        place.write_bytes(none)
        with pytest.raises(UnicodeDecodeError):
            told_in(ml, place, 3)
        assert "\ufffd" in told_in(ml, place, 3, "replace")


def test_a_named_pipe_is_not_waited_for(ml: Path) -> None:
    os.mkfifo(ml / "output/failure")
    os.mkfifo(ml / "model/pipe")
    told: list[str] = []
    reading = Thread(target=lambda: told.append(told_in(ml, ml / "output/failure", 9)), daemon=True)
    reading.start()
    reading.join(timeout=10)
    assert told == [""]
    assert [name for name, _ in files_below(ml, ml / "model")] == ["own"]
    archive = packed(ml, ml / "model")
    assert archive is not None
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        assert tar.getnames() == ["own"]


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
    checkpoints = Mirrored(tmp_path, tmp_path / "checkpoints", "s3://b/kept", bucket, owner)
    checkpoints.bring()
    assert [name for name, _ in files_below(tmp_path, tmp_path / "checkpoints")] == ["epoch"]
    checkpoints.write()
    assert bucket.writes == []
    (tmp_path / "checkpoints/deep").mkdir()
    (tmp_path / "checkpoints/deep/state").write_text("new")
    (tmp_path / "checkpoints/epoch").write_text("22")
    checkpoints.write()
    checkpoints.write()
    assert sorted(bucket.writes) == ["s3://b/kept/deep/state", "s3://b/kept/epoch"]


class SlowBucket(Bucket):
    """Objects in memory; the first write takes as long as a test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.goes_on = Event(), Event()

    def write(self, owner: Owner, uri: str, content: bytes, key: str = "") -> None:
        if not self.begun.is_set():
            self.begun.set()
            assert self.goes_on.wait(10)
        super().write(owner, uri, content, key)


def test_the_last_write_of_a_file_stays(tmp_path: Path) -> None:
    bucket = SlowBucket()
    checkpoints = Mirrored(tmp_path, tmp_path / "checkpoints", "s3://b/kept", bucket, Owner("1", "r", "role"))
    threads = [Thread(target=checkpoints.write) for _ in range(2)]
    (tmp_path / "checkpoints/epoch").write_text("1")
    threads[0].start()
    assert bucket.begun.wait(10)
    (tmp_path / "checkpoints/epoch").write_text("22")
    threads[1].start()
    threads[1].join(timeout=0.5)  # time enough to overtake the first, if it could
    bucket.goes_on.set()
    for thread in threads:
        thread.join(timeout=10)
    assert bucket.kept == {"s3://b/kept/epoch": b"22"}
