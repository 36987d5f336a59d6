"""Lines on disk until they are in S3: files that one process writes at a time, and hands on by letting go.

Whoever writes a file holds a lock on it (flock), which ends with the process however that ends. So a file
whose lock is free is whole: its writer is done with it, or dead.

A file's name says where it goes: `2026-11-30-02.<name>.jsonl` is `2026/11/30/02/<name>.jsonl`. It is the same
whenever it is brought there, so that bringing it twice keeps it once.
"""

import contextlib
import fcntl
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from model.serving.keeping import Keeping

ROTATE_SECONDS = 15.0
"""How long a file is written before it is handed on."""
MOST_BYTES_OF_FILE = 8 << 20
MOST_BYTES = 512 << 20
"""On disk at once; what comes above is not kept, and counted."""
LOOK_SECONDS = 1.0
"""How long a full spool is taken to be full: every answer would list its files otherwise."""
SUFFIX = ".jsonl"


_FULL = "as many bytes wait for S3 as may"


class Full(OSError):
    """The spool holds as much as it may."""


def folder(keeping: Keeping) -> Path:
    """Where a container's lines wait. Another destination has another folder, as has another AWS."""
    named = f"{keeping.folder} {keeping.key} {os.environ.get('AWS_ENDPOINT_URL', '')}"
    digest = hashlib.sha256(named.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / "slipway-capture" / digest


def key_of(file: Path) -> str:
    """Where a file goes, below the destination."""
    hour, _, name = file.name.partition(".")
    return f"{hour.replace('-', '/')}/{name}"


def waiting(place: Path) -> tuple[int, int]:
    """How many files and bytes wait in a folder, with those that are being written."""
    sizes = [_size(file) for file in place.iterdir()]
    return len(sizes), sum(sizes)


@contextlib.contextmanager
def taken(file: Path) -> Generator[bytes | None]:
    """The whole content of a file that nobody writes any more; None while somebody does, or it is gone."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        gone = os.fstat(descriptor).st_nlink == 0
        yield None if gone else file.read_bytes()
    except BlockingIOError:
        yield None
    finally:
        os.close(descriptor)


class Spool:
    """One process's writing. May be called from several threads at once."""

    def __init__(self, place: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._now = now
        self._lock = threading.Lock()
        self._file: int | None = None
        self._hour = ""
        self._until = 0.0
        self._size = 0
        self._full_until = 0.0

    def add(self, at: datetime, line: bytes) -> None:
        """Write a line of the hour of `at`. Raises OSError where it cannot be written; then none of it is."""
        hour = f"{at:%Y-%m-%d-%H}"
        with self._lock:
            if self._file is not None and (hour != self._hour or self._size >= MOST_BYTES_OF_FILE):
                self._let_go()
            if self._file is None:
                self._open(hour, at)
            assert self._file is not None
            written = os.write(self._file, line)
            if written != len(line):
                os.ftruncate(self._file, self._size)
                raise OSError("the disk is full")
            self._size += written

    def tick(self) -> None:
        """Hand on the file that was written long enough; call it about once a second."""
        with self._lock:
            if self._file is not None and self._now() >= self._until:
                self._let_go()

    def close(self) -> None:
        """Hand on what there is."""
        with self._lock:
            self._let_go()

    def _open(self, hour: str, at: datetime) -> None:
        now = self._now()
        if now < self._full_until:
            raise Full(_FULL)
        self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if waiting(self._place)[1] > MOST_BYTES:
            self._full_until = now + LOOK_SECONDS
            raise Full(_FULL)
        name = f"{hour}.{at:%M-%S}-{at.microsecond // 1000:03d}-{uuid4()}{SUFFIX}"
        # locked before it has its name: nobody takes it before the first line
        hidden = self._place / f".{name}"
        self._file = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        hidden.rename(self._place / name)
        self._hour, self._size = hour, 0
        self._until = now + ROTATE_SECONDS

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _size(file: Path) -> int:
    """Bytes of a file; 0 of one that was handed on, or got its name, since the folder was listed."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
