"""Lines to stdout, from a thread of its own: a pipe that nobody reads must not hold up one request.

Workers take turns, so that their lines do not mix: a line may be longer than what a pipe takes in one piece.
What cannot be written is dropped and counted.
"""

import contextlib
import logging
import os
import select
import sys
import threading
from queue import Full, Queue

log = logging.getLogger(__name__)

MOST_WAITING = 2
"""Lines that wait while one is being written."""


def stdout() -> int | None:
    """A copy of stdout's descriptor, or None where stdout was closed at the start of the process.

    Descriptor 1 may then be anything else, even a caller's connection.
    """
    if sys.stdout is None:
        return None
    with contextlib.suppress(OSError):
        return os.dup(1)
    return None


class Turn:
    """A lock between processes that are forked after it is made: a pipe with one byte, taken by the owner.

    It needs no file, so it works where nothing can be written. If its owner dies the lock is never free
    again, but then the whole container ends.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.__exit__()

    def __enter__(self) -> None:
        os.read(self._read, 1)

    def __exit__(self, *_error: object) -> None:
        os.write(self._write, b"x")


class Printer:
    """Writes lines, one after the other."""

    def __init__(self, descriptor: int | None, turn: Turn) -> None:
        """Takes over the descriptor. None drops every line."""
        self._turned_away = 0
        self._failures = 0  # the thread's own: two threads do not add to one number
        self._descriptor = descriptor
        self._lines: Queue[bytes | None] = Queue(MOST_WAITING)
        if descriptor is not None:
            self._thread = threading.Thread(
                target=self._work, args=(descriptor, turn), name="print", daemon=True
            )
            self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines that were not written."""
        return self._turned_away + self._failures

    @property
    def waiting(self) -> int:
        """Lines that wait while another is being written."""
        return self._lines.qsize()

    def write(self, line: bytes) -> None:
        """Lets `line` be written, unless others wait already. Never waits, never raises."""
        if self._descriptor is None:
            self._turned_away += 1
            return
        try:
            self._lines.put_nowait(line)
        except Full:
            self._turned_away += 1

    def close(self, seconds: float) -> None:
        """Waits until all is written, for so long at most."""
        if self._descriptor is not None:
            with contextlib.suppress(Full):
                self._lines.put(None, timeout=seconds)
            self._thread.join(seconds)

    def _work(self, descriptor: int, turn: Turn) -> None:
        while (line := self._lines.get()) is not None:
            try:
                with turn:
                    write_whole(descriptor, line)
            except OSError as error:
                self._failed(error)
        os.close(descriptor)

    def _failed(self, error: OSError) -> None:
        if not self._failures:
            log.warning("a telemetry window could not be printed: %s", error.strerror)
        self._failures += 1


def write_whole(descriptor: int, line: bytes) -> None:
    """Writes all of `line`, waiting where the descriptor would not. Raises OSError."""
    rest = memoryview(line)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            free = select.poll()
            free.register(descriptor, select.POLLOUT)
            free.poll()
