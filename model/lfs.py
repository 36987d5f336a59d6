"""Git LFS: a large file's place in a clone may hold a pointer of a few lines until `git lfs pull`."""

from pathlib import Path

from model.errors import ModelError

POINTER = b"version https://git-lfs.github.com/spec/"
"""How a pointer file begins, whatever its version."""


class PointerError(ModelError):
    """A file that was to be read is the pointer of Git LFS to it."""


def refuse_pointer(path: Path, content: bytes) -> None:
    """Raise PointerError where `content`, which was read from `path`, is a pointer and not the file."""
    if content.startswith(POINTER):
        raise PointerError(
            f"{path} is a pointer of Git LFS: this clone has not fetched the file itself.",
            "There is nothing in it to read, so nothing was made.",
            f"Fetch it, with git-lfs installed, and run the same again: git lfs pull --include {path.name}",
        )
