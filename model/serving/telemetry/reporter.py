"""A worker's telemetry: counts answers, prints windows, answers `/metrics`. It answers no other request.

telemetry = Telemetry(settings, index, container, load)
telemetry.answered(request, answer, seconds, request_id)     # for every answer
task = asyncio.create_task(telemetry.run())                  # prints a window every few seconds
telemetry.close()                                            # prints the last one
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import sub
from typing import NamedTuple

from model.serving.answers import Answer, fault_answer
from model.serving.application import Request
from model.serving.errors import Fault
from model.serving.settings import Settings
from model.serving.telemetry import cells, intervals, process
from model.serving.telemetry.bins import UNIT, Scale
from model.serving.telemetry.cells import SharedCounters
from model.serving.telemetry.counts import Counter
from model.serving.telemetry.exposition import MEDIA, ModelInfo, exposition
from model.serving.telemetry.printing import Printer, Turn, stdout
from model.serving.telemetry.windows import Origin, line

SAMPLE_SECONDS = 1.0
"""How old the gauges of other workers may be at `/metrics`; their counters are always up to date."""
LAST_SECONDS = 1.0
"""How long the end waits for the last window to be printed."""


class Container:
    """What the workers of one container share. Make it before they are forked."""

    def __init__(self, workers: int = 1) -> None:
        self.name = secrets.token_hex(4)
        """Names this start of the container."""
        self.counters = SharedCounters(workers)
        self.turn = Turn()


class Load(NamedTuple):
    """What a worker is busy with now."""

    connections: int
    in_flight: int


class Telemetry:
    """The telemetry of one worker. All methods belong to its event loop."""

    def __init__(
        self,
        settings: Settings,
        index: int,
        container: Container,
        load: Callable[[], Load],
        printer: Printer | None = None,
    ) -> None:
        """Worker `index` of `container`; `load` is asked once a second."""
        self._counters = counters = container.counters
        self._row = counters.row(index)
        self._row[cells.STARTED_MILLISECONDS] = time.time_ns() // 1_000_000
        self._counter = Counter(self._row)
        self._load = load
        self._length = settings.telemetry_seconds
        self._printer = printer or Printer(stdout(), container.turn)
        self._models: list[ModelInfo] = []
        self._scale = UNIT
        self._origin = Origin(container.name, index, endpoint=settings.endpoint, variant=settings.variant)
        self._missing: Callable[[], int] = lambda: 0
        self._kept: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._number = 0
        self._before = self._counted()
        self._interval = intervals.first(time.time(), self._length)
        self.answered = self._counter.answered
        """Counts an answer: `Counter.answered`, without a call in between."""

    def describe(
        self,
        models: Sequence[ModelInfo],
        missing: Callable[[], int],
        scale: Scale = UNIT,
        kept: Callable[[], tuple[int, int]] = lambda: (0, 0),
    ) -> None:
        """From now on these are served, the default one first; `missing` says how many values were missing
        in what they have scored, and `kept` how many answers were kept, and could not be. Scores are counted
        in parts of `scale`."""
        self._kept = kept
        self._counter.count_in(scale)
        self._scale = scale
        self._models = list(models)
        self._missing = missing
        self._origin = replace(self._origin, service=models[0].name)

    async def run(self) -> None:
        """Prints windows until it is cancelled."""
        while True:
            # a sleep may end a little before its time; 1 ms keeps that from becoming a busy loop
            await asyncio.sleep(max(0.001, min(SAMPLE_SECONDS, self._interval.end - time.time())))
            self.tick(time.time())

    def tick(self, now: float) -> None:
        """Takes a sample, and prints the window that is over at `now` (seconds since 1970), if one is."""
        self._sample()
        if over := intervals.closed(self._interval, now, self._length):
            self._print(over)
            self._interval = intervals.following(over, self._length)

    def close(self) -> None:
        """Prints what was counted since the last window."""
        self._sample()
        self._print(intervals.cut(self._interval, time.time()), last=True)
        self._printer.close(LAST_SECONDS)

    def handle(self, request: Request) -> Answer:
        """GET /metrics: all workers."""
        if request.method not in ("GET", "HEAD"):
            fault = Fault("method_not_allowed", "This path takes GET, HEAD.")
            return fault_answer(405, fault, "Allow: GET, HEAD\r\n")
        self._sample()
        return Answer(200, MEDIA, exposition(self._counters.rows(), self._models, self._scale))

    def _print(self, interval: intervals.Interval, last: bool = False) -> None:
        now = self._counted()
        gained = list(map(sub, now, self._before))
        self._before = now
        exemplars = self._counter.exemplars.take()
        self._printer.write(line(self._origin, self._number, interval, gained, exemplars, last, self._scale))
        self._number += 1

    def _counted(self) -> list[int]:
        return self._row[: cells.COUNTED].tolist()

    def _sample(self) -> None:
        row, load = self._row, self._load()
        row[cells.CONNECTIONS], row[cells.IN_FLIGHT] = load
        row[cells.CPU_NANOSECONDS] = process.cpu_nanoseconds()
        row[cells.RESIDENT_BYTES] = process.resident_bytes()
        row[cells.DROPPED] = self._printer.dropped
        row[cells.MISSING] = self._missing()
        row[cells.KEPT], row[cells.UNKEPT] = self._kept()
