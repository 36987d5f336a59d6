"""The revision is Git's own tree id, of the files that make the image."""

import subprocess
from pathlib import Path

import pytest

from model.image.build import SERVING
from model.image.program import source_files
from model.image.revision import SourceFile, tree_id
from tests.model.image.images import checkout


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_is_what_git_says(tmp_path: Path) -> None:
    """Names that Git sorts in its own way: a folder `a` after the file `a.py`, and an empty file."""
    contents = {"a.py": b"one", "a/b/deep.py": b"two", "a/z.py": b"", "a0": b"three", "serve": b"#!"}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "serve").chmod(0o755)
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    files = [SourceFile(name, content, name == "serve") for name, content in contents.items()]
    assert tree_id(files) == _git(tmp_path, "write-tree")
    assert tree_id(reversed(files)) == tree_id(files)


def revision(source: Path) -> str:
    return tree_id(source_files(source))


def test_it_depends_on_the_package_alone(tmp_path: Path) -> None:
    copy = checkout(tmp_path / "one")
    before = revision(copy)
    (copy / "notes.txt").write_text("more")
    (copy / "serve").chmod(0o755)
    assert revision(copy) == before
    with (copy / "requirements.txt").open("a") as lock:
        lock.write("# another lock\n")
    assert revision(copy) != before


@pytest.mark.skipif(not (SERVING.parent.parent / ".git").exists(), reason="this is no Git checkout")
def test_a_shallow_clone_has_the_revision_that_git_says(tmp_path: Path) -> None:
    _git(
        tmp_path,
        "clone",
        "--quiet",
        "--no-checkout",
        "--depth",
        "1",
        f"file://{SERVING.parent.parent}",
        "clone",
    )
    _git(tmp_path / "clone", "checkout", "--quiet", "HEAD", "--", "model/serving")
    wanted = _git(tmp_path / "clone", "rev-parse", "HEAD:model/serving")
    assert revision(tmp_path / "clone" / "model" / "serving") == wanted


@pytest.mark.skipif(not (SERVING.parent.parent / ".git").exists(), reason="this is no Git checkout")
def test_it_knows_every_file_of_the_package() -> None:
    """A kind of file that it does not know would be in Git and not in the image."""
    tracked = set(_git(SERVING, "ls-files").splitlines())
    known = {file.path for file in source_files(SERVING)}
    assert {name for name in tracked if (SERVING / name).exists()} <= known
