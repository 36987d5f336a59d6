"""The numbers that workers count, in memory that all of them share.

Each worker has one row of whole numbers, its cells; the constants below are their places in the row. Only the
worker itself writes its row, and everybody may read it. The first COUNTED cells are counters, which only
grow: a window is the difference between two copies of them, and `/metrics` adds up the rows of all workers.
The cells after them are gauges, which hold a present state. The memory is made before the workers are forked.
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
"""The kinds that a window counts. UNREAD is one of them, because SageMaker counts such a request too."""

STATUSES = (
    *("200", "400", "404", "405", "406", "408", "411", "413", "414", "415", "422", "429", "431"),
    *("500", "503", "2xx", "4xx", "5xx"),
)
"""A cell each; "2xx", "4xx" and "5xx" are for all other statuses of their class."""
_SLOTS = {int(status): slot for slot, status in enumerate(STATUSES) if status.isdigit()}
WIDTH = len(STATUSES)

# the cells of a row: answers by kind and status first
SKIPPED = len(Kind) * WIDTH
"""Requests within a burst of errors, which are no trials (docs/telemetry.md, clumps)."""
FIRST = SKIPPED + 1
"""Errors that were the first of a burst."""
INVALID = SKIPPED + 2
"""Requests with a score that is no finite number."""
ROWS = SKIPPED + 3
REFUSED_ROWS = SKIPPED + 4
MISSING = SKIPPED + 5
"""Values that were missing in the rows scored."""
LATENCY = SKIPPED + 6
SCORE = LATENCY + LATENCY_BINS
COUNTED = SCORE + SCORE_BINS
"""How many cells of a row are counters; the gauges come after them."""
DROPPED = COUNTED
"""Windows that could not be printed, as the printer counts them."""
CPU_NANOSECONDS = COUNTED + 1
RESIDENT_BYTES = COUNTED + 2
CONNECTIONS = COUNTED + 3
IN_FLIGHT = COUNTED + 4
STARTED_MILLISECONDS = COUNTED + 5
KEPT = COUNTED + 6
"""Records of requests and answers that were kept, and those that could not be."""
UNKEPT = COUNTED + 7
CELLS = COUNTED + 8


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
