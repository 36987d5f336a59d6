"""Writing files so that a reader sees the old content or the new, never a part of it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """A temporary path beside `path`, moved to `path` when the block ends well, removed when it does not.

    Raises OSError when the folder cannot be made or the file cannot be moved.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Write `content` to `path` at once. Raises OSError."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
