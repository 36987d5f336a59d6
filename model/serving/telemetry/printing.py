"""Lines to stdout, from a thread of its own: a pipe that nobody reads must not hold up one request.

A line is one `write`, so lines of several workers do not mix: the kernel lets nobody else in before a write
is done, unless the pipe runs full. What cannot be written is dropped and counted.
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
    """A descriptor of stdout that nobody else closes, or None where it was closed at start.

    Number 1 may then be anything, a caller's connection too.
    """
    if sys.stdout is None:
        return None
    with contextlib.suppress(OSError):
        return os.dup(1)
    return None


class Printer:
    """Writes lines to a descriptor (None: drops all), one after the other."""

    def __init__(self, descriptor: int | None) -> None:
        self._turned_away = 0
        self._failures = 0  # the thread's own: two threads do not add to one number
        self._descriptor = descriptor
        self._lines: Queue[bytes | None] = Queue(MOST_WAITING)
        if descriptor is not None:
            self._thread = threading.Thread(target=self._work, args=(descriptor,), name="print", daemon=True)
            self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines that were not written."""
        return self._turned_away + self._failures

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

    def _work(self, descriptor: int) -> None:
        while (line := self._lines.get()) is not None:
            try:
                write_whole(descriptor, line)
            except OSError as error:
                self._failed(error)

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
