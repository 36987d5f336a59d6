"""Evaluates every alarm when it is due, and sleeps between.

An alarm with periods of a minute or more is due at every full minute, one with shorter periods every ten
seconds, and a new or changed one at once, as CloudWatch documents it. Just before, the metrics that are still
being collected are published, so that the last second of a period counts. When someone moves the clock
forward, every due time that it skipped is evaluated, in order.

Deployments are sped up by the sandbox's time scale, so an alarm that is due once a minute would come too late
for one that lasts seconds. Therefore, while a deployment watches an alarm that needs only one datapoint, that
alarm is also evaluated every second, over the data since the deployment began. After the deployment this data
no longer counts: the alarm is evaluated once more, a scaled period later, on newer data alone. With a time
scale of 1 none of this happens.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends

from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition
from sandbox.aws.cloudwatch.alarms.evaluation import Outcome, evaluate, evaluate_at_once
from sandbox.aws.cloudwatch.alarms.rules import ALARM
from sandbox.aws.cloudwatch.alarms.state import LOCK, change_state, next_look, settle
from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.api import source
from sandbox.aws.cloudwatch.metrics.distributions import Distribution
from sandbox.aws.cloudwatch.metrics.queries import Source
from sandbox.aws.cloudwatch.metrics.store import MetricKey

log = logging.getLogger(__name__)

MANUAL_STATE_LASTS = 1.0
"""Real seconds that a state set by hand stays at least, so that whoever watches can see it."""

_SETTLE = 0.05
"""Seconds after a boundary, for what is on its way."""

_MOST_CAUGHT_UP = 30
"""Boundaries of one alarm that are evaluated after the clock was moved; those before are passed over."""

_WATCH_STEP = 1
_WATCH_LASTS = 1.0
"""Real seconds without a look at an alarm after which nobody watches it."""


@dataclass
class Schedule:
    """When an alarm is evaluated next; kept as an attribute of moto's alarm."""

    definition: AlarmDefinition
    due: float
    """A boundary, in the clock's seconds."""
    manual_until: float = 0.0
    """Real time before which a state set by hand is not overwritten."""
    watched_from: float = 0.0
    """The clock's second at which the watch began; 0: nobody watches."""
    watched_at: float = 0.0
    """Real time of the last look."""
    watch_due: float = 0.0
    """The clock's second of the next evaluation beside the boundaries; 0: none."""
    counts_from: float = 0.0
    """The clock's second before which data does not count: it was a watched deployment's."""


def schedule(alarm: Alarm) -> Schedule | None:
    """An alarm's schedule; None for composite alarms, which follow others."""
    return getattr(alarm, "sandbox_schedule", None)


class Evaluator:
    """One per sandbox. `run` on its event loop; everything else from any thread."""

    def __init__(self, clock: Clock, flush: Callable[[], None], time_scale: float = 1.0) -> None:
        self._clock = clock
        self._flush = flush
        self._time_scale = time_scale
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look at the alarms anew: one was made or changed, or the clock was moved."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._woken.set)

    def add(self, alarm: Alarm, definition: AlarmDefinition) -> None:
        """Evaluate an alarm from now on, and at once."""
        now = int(self._clock.now())
        alarm.sandbox_schedule = Schedule(definition, now - now % definition.step)  # ty: ignore[missing-attribute]
        self.wake()

    def watch(self, backend: CloudWatchBackend, name: str) -> None:
        """A deployment looks at an alarm; see the module's text. To be called again and again."""
        alarm = backend.alarms.get(name)
        found = schedule(alarm) if alarm is not None else None
        if found is None or self._time_scale <= 1:
            return
        now = time.time()
        begins, found.watched_at = now - found.watched_at > _WATCH_LASTS, now
        if begins:
            found.watched_from = float(int(self._clock.now()))
            found.watch_due = found.watched_from + _WATCH_STEP
            self.wake()

    async def run(self) -> None:
        """Evaluate until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            wait = self._wait()
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                pass
            if self._wait() != 0:
                continue
            self._flush()
            try:
                await asyncio.to_thread(self.evaluate_due)
            except Exception:
                log.exception("alarms were not evaluated")
                await asyncio.sleep(1)

    def evaluate_due(self) -> None:
        """Evaluate every alarm that is due now, boundary by boundary."""
        while True:
            waiting = [(s.due, b, a, s) for b, a, s in _scheduled() if self._is_free(s, s.due)]
            if not waiting:
                break
            due, backend, alarm, found = min(waiting, key=lambda entry: entry[0])
            self._at_boundary(backend, alarm, found)
            # what was suppressed until a boundary that the clock skipped is told before the next one
            if due < min((s.due for _, _, s in _scheduled()), default=due):
                settle(backend, due)
        for backend, alarm, found in list(_scheduled()):
            if found.watched_from and not self._is_watched(found):
                self._end_watch(alarm, found)
            if found.watch_due and self._is_free(found, found.watch_due):
                self._between(backend, alarm, found)

        for backend in backends():
            settle(backend, self._clock.now())

    def _wait(self) -> float | None:
        """Real seconds until something is due; None: nothing is."""
        now, real = self._clock.now(), time.time()
        waits = [look - now for one in backends() if (look := next_look(one)) is not None]
        for _, _, found in _scheduled():
            waits.append(max(found.due + _SETTLE - now, found.manual_until - real))
            if found.watch_due:
                waits.append(max(found.watch_due + _SETTLE - now, found.manual_until - real))
            if found.watched_from:
                waits.append(found.watched_at + _WATCH_LASTS + _SETTLE - real)
        return max(min(waits), 0) if waits else None

    def _is_free(self, found: Schedule, due: float) -> bool:
        """Whether a moment has come and no state set by hand stands in its way."""
        return due <= self._clock.now() - _SETTLE / 2 and found.manual_until <= time.time()

    @staticmethod
    def _is_watched(found: Schedule) -> bool:
        return found.watched_from > 0 and time.time() - found.watched_at <= _WATCH_LASTS

    def _at_boundary(self, backend: CloudWatchBackend, alarm: Alarm, found: Schedule) -> None:
        step, now = found.definition.step, self._clock.now()
        at = max(found.due, now - now % step - (_MOST_CAUGHT_UP - 1) * step)
        found.due = at + step
        self._apply(
            backend, alarm, _evaluated(alarm, evaluate, found.definition, _counting(backend, found), int(at))
        )

    def _between(self, backend: CloudWatchBackend, alarm: Alarm, found: Schedule) -> None:
        """An evaluation beside the boundaries: while the alarm is watched, or once after."""
        now = int(self._clock.now())
        if not found.watched_from:
            found.watch_due = 0.0
            read = _counting(backend, found)
            self._apply(backend, alarm, _evaluated(alarm, evaluate, found.definition, read, now + 1))
            return
        found.watch_due = float(now + _WATCH_STEP)
        start = max(int(found.watched_from), now + 1 - found.definition.period)
        read = source(backend)
        self._apply(
            backend, alarm, _evaluated(alarm, evaluate_at_once, found.definition, read, start, now + 1)
        )

    def _end_watch(self, alarm: Alarm, found: Schedule) -> None:
        found.watched_from = found.watch_due = 0.0
        if alarm.state_value == ALARM:
            found.counts_from = float(int(self._clock.now()))
            found.watch_due = found.counts_from + max(found.definition.period / self._time_scale, _WATCH_STEP)

    @staticmethod
    def _apply(backend: CloudWatchBackend, alarm: Alarm, outcome: Outcome) -> None:
        with LOCK:
            if backend.alarms.get(alarm.name) is not alarm:  # deleted or replaced meanwhile
                return
            if outcome.state is not None and outcome.state != alarm.state_value:
                change_state(backend, alarm, outcome.state, outcome.reason, outcome.data)


def _evaluated(alarm: Alarm, work: Callable[..., Outcome], *arguments: Any) -> Outcome:
    """What an evaluation says; one that fails says nothing, so that the other alarms have theirs."""
    try:
        return work(*arguments)
    except Exception:
        log.exception("alarm %s was not evaluated", alarm.name)
        return Outcome(None)


def _counting(backend: CloudWatchBackend, found: Schedule) -> Source:
    """The metrics without those of a watched deployment that is over."""
    read = source(backend)
    if not found.counts_from:
        return read

    def windows(
        key: MetricKey, start: int, end: int, period: int, unit: str | None
    ) -> dict[str, dict[int, Distribution]]:
        if int(found.counts_from) >= end:
            return {}
        result: dict[str, dict[int, Distribution]] = {}
        for name, seconds in read(key, max(start, int(found.counts_from)), end, 1, unit).items():
            kept = result.setdefault(name, {})
            for at, values in seconds.items():
                kept.setdefault(at - (at - start) % period, Distribution()).merge(values)
        return result

    return windows


def _scheduled() -> Iterator[tuple[CloudWatchBackend, Alarm, Schedule]]:
    for backend in backends():
        for alarm in list(backend.alarms.values()):
            found = schedule(alarm)
            if found is not None:
                yield backend, alarm, found


def backends() -> Iterator[CloudWatchBackend]:
    """Every account's and region's CloudWatch that was ever used."""
    for regions in list(cloudwatch_backends.values()):
        yield from list(regions.values())
