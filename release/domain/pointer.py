"""Git LFS: what lies in a large file's place in a clone until `git lfs pull` fetches it."""

from release.domain.errors import UsageError

_BEGINS = b"version https://git-lfs.github.com/spec/"
LENGTH = len(_BEGINS)
"""Bytes of a file that say whether it is a pointer."""


def refuse(name: str, begins: bytes) -> None:
    """Raise UsageError where a file that begins so is a pointer, and not the file that it is named after."""
    if begins.startswith(_BEGINS):
        raise UsageError(
            f"{name} is a pointer of Git LFS: this clone has not fetched the file itself.",
            "There is nothing in it to read, so nothing was changed.",
            "Fetch it, with git-lfs installed, and run the same again: git lfs pull",
        )
