"""Where each number of a worker lies, in memory that all workers share.

A worker has one row of whole numbers (cells). What it counts only grows, so a window is the difference of two
copies of the row, and `/metrics` of any worker adds the rows of all: one increment serves both. The memory is
made before the workers are forked; only its own worker writes a row.
"""

import mmap
from enum import IntEnum

from model.serving.telemetry.bins import LATENCY_BINS, SCORE_BINS

Row = memoryview
"""The cells of one worker, unsigned numbers of 64 bits."""
BYTES = 8


class Kind(IntEnum):
    """What a request was for."""

    INVOCATIONS = 0
    """POST /invocations"""
    INFER = 1
    """POST /v2/models/.../infer"""
    UNREAD = 2
    """Refused before it was whole: nobody knows for what"""
    PING = 3
    METRICS = 4
    OTHER = 5


INFERENCE = (Kind.INVOCATIONS, Kind.INFER, Kind.UNREAD)
"""The kinds that a window counts. What was refused unread is one: the platform counts it as an invocation."""

STATUSES = (
    *("200", "400", "404", "405", "406", "408", "411", "413", "414", "415", "422", "429", "431"),
    *("500", "503", "2xx", "4xx", "5xx"),
)
"""Each has a cell; the last ones are for all others of their class."""
_SLOTS = {int(status): slot for slot, status in enumerate(STATUSES) if status.isdigit()}
WIDTH = len(STATUSES)

# the cells of a row: answers by kind and status first
SKIPPED = len(Kind) * WIDTH
"""Requests that were no trial, because they met the worker closed (clumps)."""
FIRST = SKIPPED + 1
INVALID = SKIPPED + 2
ROWS = SKIPPED + 3
REFUSED_ROWS = SKIPPED + 4
MISSING = SKIPPED + 5
"""Values that were missing in the rows scored."""
LATENCY = SKIPPED + 6
SCORE = LATENCY + LATENCY_BINS
COUNTED = SCORE + SCORE_BINS
"""So many cells only grow; those after them say how things are."""
DROPPED = COUNTED
"""Windows that could not be printed."""
CPU_NANOSECONDS = COUNTED + 1
RESIDENT_BYTES = COUNTED + 2
CONNECTIONS = COUNTED + 3
IN_FLIGHT = COUNTED + 4
STARTED_MILLISECONDS = COUNTED + 5
CELLS = COUNTED + 6


def slot(status: int) -> int:
    """The place of an HTTP status in STATUSES."""
    found = _SLOTS.get(status)
    if found is not None:
        return found
    return WIDTH - 3 if status < 400 else WIDTH - 2 if status < 500 else WIDTH - 1


class SharedCounters:
    """The rows of all workers of a container. Make it before they are forked."""

    def __init__(self, workers: int = 1) -> None:
        self._memory = memoryview(mmap.mmap(-1, workers * CELLS * BYTES)).cast("Q")

    def row(self, index: int) -> Row:
        """The cells of worker `index`."""
        return self._memory[index * CELLS : (index + 1) * CELLS]

    def rows(self) -> list[list[int]]:
        """A copy of every worker's cells."""
        cells = self._memory.tolist()
        return [cells[start : start + CELLS] for start in range(0, len(cells), CELLS)]
