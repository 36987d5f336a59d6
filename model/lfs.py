"""Git LFS: a large file's place in a clone may hold a pointer of a few lines until `git lfs pull`."""

from pathlib import Path

from model.errors import ModelError

POINTER = b"version https://git-lfs.github.com/spec/"
"""How a pointer file begins, whatever its version."""
LENGTH = len(POINTER)
"""Bytes of a file that say whether it is one."""
WHAT = "is a pointer of Git LFS: this clone has not fetched the file itself"


class PointerError(ModelError):
    """A file that was to be read is the pointer of Git LFS to it."""


def is_pointer(begins: bytes) -> bool:
    """Whether a file that begins so is a pointer."""
    return begins.startswith(POINTER)


def fix(path: Path) -> str:
    """What to do about a pointer at `path`."""
    return f"fetch it, with git-lfs installed: git lfs pull --include {path.name}"


def refuse_pointer(path: Path, content: bytes) -> None:
    """Raise PointerError where `content`, which was read from `path`, is a pointer and not the file."""
    if is_pointer(content):
        raise PointerError(
            f"{path} {WHAT}.",
            "There is nothing in it to read, so nothing was made.",
            f"Run the same again after this: {fix(path)}",
        )
