"""Requests and answers to count, and a counter over memory of its own."""

from collections.abc import Iterable
from typing import Any

from model.serving.answers import Answer
from model.serving.application import Request
from model.serving.telemetry import cells, windows
from model.serving.telemetry.bins import UNIT, Scale
from model.serving.telemetry.cells import SharedCounters
from model.serving.telemetry.counts import Counter
from model.serving.telemetry.intervals import Interval

INVOCATION = Request("POST", "/invocations", {}, b"{}")
INTERVAL = Interval(1_700_000_000.0, 1_700_000_005.0)
ORIGIN = windows.Origin("9c1f", 0, service="toys")
UNNAMED = windows.Origin("9c1f", 0)


def answer(status: int = 200, *scores: float) -> Answer:
    """An answer with these scores."""
    return Answer(status, "application/json", b"{}", scores=list(scores))


class Counted:
    """A counter and what it has counted."""

    def __init__(self) -> None:
        self.counters = SharedCounters()
        self.counter = Counter(self.counters.row(0))

    def __call__(
        self, given: Answer, seconds: float = 0.001, request: Request | None = INVOCATION, name: str = "id"
    ) -> None:
        """Counts one answer."""
        self.counter.answered(request, given, seconds, name)

    def window(self, origin: windows.Origin = ORIGIN, scale: Scale = UNIT) -> dict[str, Any]:
        """All that was counted, as a window of INTERVAL."""
        row = self.counters.rows()[0][: cells.COUNTED]
        return windows.record(origin, 7, INTERVAL, row, self.counter.exemplars.take(), scale)


def window_of(answers: Iterable[Answer]) -> dict[str, Any]:
    """A window of these answers, each after a millisecond."""
    counted = Counted()
    for given in answers:
        counted(given)
    return counted.window()
