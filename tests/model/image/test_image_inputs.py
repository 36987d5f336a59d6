"""What decides about an image, without building one."""

import os
import re
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from model.image.build import SERVING, BuildOptions, build_image
from model.image.dependencies import dependencies_key
from model.image.errors import BaseImageError, DependencyError, ImageError, RegistryError, ToolError
from model.image.layers import Entry, Folder, Link, write_layer
from model.image.program import program_entries, source_files
from tests.model.image.images import checkout, options

DIGEST = "sha256:" + "a" * 64


def _layer(folder: Path, names: list[str], moment: int, umask: int) -> bytes:
    before = os.umask(umask)
    try:
        folder.mkdir()
        for name in names:
            (folder / name).write_text(f"content of {name}")
            os.utime(folder / name, (moment, moment))
        entries = [Entry(folder / name, PurePosixPath("opt", "x", name), name == "b") for name in names]
        write_layer(entries, folder / "layer.tar")
    finally:
        os.umask(before)
    return (folder / "layer.tar").read_bytes()


def test_a_layer_depends_on_its_files_alone(tmp_path: Path) -> None:
    one = _layer(tmp_path / "one", ["a", "b", "c"], 1, 0o022)
    assert one == _layer(tmp_path / "two", ["c", "a", "b"], 2_000_000_000, 0o077)
    assert one != _layer(tmp_path / "three", ["a", "b"], 1, 0o022)


def test_what_a_layer_says_of_its_files(tmp_path: Path) -> None:
    _layer(tmp_path / "one", ["a", "b"], 1, 0o077)
    with tarfile.open(tmp_path / "one" / "layer.tar") as tar:
        told = [(entry.name, oct(entry.mode), entry.uid, entry.gid, entry.mtime) for entry in tar]
    assert told == [
        ("opt", "0o755", 0, 0, 0),
        ("opt/x", "0o755", 0, 0, 0),
        ("opt/x/a", "0o644", 0, 0, 0),
        ("opt/x/b", "0o755", 0, 0, 0),
    ]


def test_links_folders_and_contents(tmp_path: Path) -> None:
    entries = [
        Entry(Link("usr/lib"), PurePosixPath("lib")),
        Entry(Folder(0o1777), PurePosixPath("tmp")),
        Entry(b"root", PurePosixPath("etc/passwd")),
    ]
    write_layer(entries, tmp_path / "layer.tar")
    with tarfile.open(tmp_path / "layer.tar") as tar:
        told = {entry.name: (entry.type, oct(entry.mode), entry.linkname) for entry in tar}
        content = tar.extractfile("etc/passwd")
        assert content is not None
        assert content.read() == b"root"
    assert told == {
        "etc": (tarfile.DIRTYPE, "0o755", ""),
        "etc/passwd": (tarfile.REGTYPE, "0o644", ""),
        "lib": (tarfile.SYMTYPE, "0o777", "usr/lib"),
        "tmp": (tarfile.DIRTYPE, "0o1777", ""),
    }


def test_the_code_is_modules_and_the_entry_point(tmp_path: Path) -> None:
    entries = {str(entry.target): entry for entry in program_entries(source_files(checkout(tmp_path)), b"{}")}
    assert entries["opt/program/serve"].program
    assert entries["opt/program/model/__init__.py"].source == b""
    assert entries["opt/program/sbom.cdx.json"].source == b"{}"
    assert "opt/program/model/serving/server.py" in entries
    assert not any("requirements" in name or "__pycache__" in name or "notes" in name for name in entries)


def test_a_folder_that_is_not_the_serving_package(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as error:
        source_files(tmp_path)
    assert str(tmp_path) in error.value.cause


@pytest.mark.parametrize(
    "base", ["python", "python:3.11", "python:3.11-slim", "python@sha256:abc", DIGEST, "", f"a b@{DIGEST}"]
)
def test_a_base_by_tag_is_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(BaseImageError) as error:
        build_image(BuildOptions(cache=tmp_path / "cache", base=base))
    assert error.value.exit_code == 2
    assert repr(base) in error.value.cause
    assert "digest" in error.value.next_step
    assert not (tmp_path / "cache").exists()


def test_an_unknown_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as error:
        build_image(BuildOptions(cache=tmp_path, python="3.8"))
    assert "3.11, 3.12, 3.13" in error.value.next_step


def test_the_key_of_the_dependencies(tmp_path: Path) -> None:
    lock, other = tmp_path / "requirements.txt", tmp_path / "other.txt"
    lock.write_text("numpy==2\n")
    other.write_text("numpy==3\n")
    keys = {
        dependencies_key(lock, "3.11", None),
        dependencies_key(lock, "3.12", None),
        dependencies_key(lock, "3.11", f"python@{DIGEST}"),
        dependencies_key(other, "3.11", None),
    }
    assert len(keys) == 4
    assert dependencies_key(lock, "3.11", None) in keys
    with pytest.raises(DependencyError) as error:
        dependencies_key(tmp_path / "none.txt", "3.11", None)
    assert "none.txt" in error.value.cause


_ROOT = SERVING.parent.parent
_PIN = re.compile(r"^([a-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)


def test_the_lock_is_what_the_tests_run_with() -> None:
    """Every pin of the image is in its lock, with hashes, and is the version that is tested."""
    locked = (SERVING / "requirements.txt").read_text()
    wanted = dict(_PIN.findall((SERVING / "requirements.in").read_text()))
    tested = set(_PIN.findall((_ROOT / "requirements.lock").read_text()))
    assert wanted
    assert set(wanted.items()) <= set(_PIN.findall(locked))
    assert set(wanted.items()) <= tested
    assert locked.count("==") <= locked.count(" \\\n    --hash=sha256:")
    assert "http" not in locked.replace("httptools", "")


@pytest.mark.sandbox
def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    old, fresh = tmp_path / ".build-old", tmp_path / ".build-fresh"
    old.mkdir()
    fresh.mkdir()
    os.utime(old, (1, 1))
    with pytest.raises(DependencyError):
        build_image(options(tmp_path, serving=tmp_path))
    assert not old.exists()
    assert fresh.exists()


def test_tools_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as error:
        build_image(BuildOptions(cache=tmp_path, crane=tmp_path / "crane"))
    assert "make setup" in error.value.next_step


def test_exit_codes() -> None:
    assert ImageError("a", "b", "c").exit_code == 2
    assert RegistryError("a", "b", "c").exit_code == 4
