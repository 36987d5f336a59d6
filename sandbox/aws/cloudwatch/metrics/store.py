"""The metrics of one account and region, in memory. Thread-safe.

Values are kept by the second when they were put with a storage resolution of 1, else by the minute, as
CloudWatch does. Seconds become minutes after three hours (SageMaker's own metrics after five minutes: AWS has
only minutes of them), minutes are dropped after 15 days, and a metric that holds nothing is forgotten. A
minute made of seconds keeps its values in at most MOST_BINS bins, so percentiles of it are coarser. At most
MOST_METRICS metrics are kept; a further one is dropped and logged.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import RLock

from sandbox.aws.cloudwatch.metrics.distributions import Distribution

log = logging.getLogger(__name__)

MOST_METRICS = 20_000
FINE_SECONDS = 3 * 3600
FINE_SECONDS_OF_AWS = 5 * 60
COARSE_SECONDS = 15 * 24 * 3600
COARSE = 60
MOST_BINS = 64
_TIDY_EVERY = 60

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, sorted: what makes a metric one metric, beside its namespace and name."""


@dataclass(frozen=True)
class MetricKey:
    """What identifies a metric: namespace, name and dimensions."""

    namespace: str
    name: str
    dimensions: Dimensions = ()


def metric_key(namespace: str, name: str, dimensions: Iterable[Mapping[str, str]] = ()) -> MetricKey:
    """A key from AWS's own form of dimensions, in any order."""
    return MetricKey(namespace, name, tuple(sorted((d["Name"], d["Value"]) for d in dimensions)))


@dataclass(frozen=True)
class Point:
    """Values of one metric at one time (seconds since the epoch)."""

    key: MetricKey
    at: float
    values: Distribution
    unit: str = "None"
    resolution: int = COARSE
    """Seconds: 1 or 60."""


@dataclass
class _Unit:
    """A metric's values in one unit, by the start of their second or minute."""

    fine: dict[int, Distribution] = field(default_factory=dict)
    coarse: dict[int, Distribution] = field(default_factory=dict)
    packed: int = 0
    """Seconds before this one are packed."""

    def between(self, start: int, end: int) -> Iterator[tuple[int, Distribution]]:
        yield from _between(self.fine, start, end, 1)
        yield from _between(self.coarse, start, end, COARSE)


class MetricStore:
    """Keeps points, and gives back the distribution of any period."""

    def __init__(self) -> None:
        self._series: dict[MetricKey, dict[str, _Unit]] = {}
        self._touched: dict[MetricKey, float] = {}
        self._lock = RLock()
        self._tidied = 0.0
        self._dropped = 0

    def put(self, points: Iterable[Point]) -> None:
        """Take points in."""
        with self._lock:
            for point in points:
                self._put(point)

    def _put(self, point: Point) -> None:
        units = self._series.get(point.key)
        if units is None:
            if len(self._series) >= MOST_METRICS:
                if not self._dropped:
                    log.warning("more than %d metrics: new ones are dropped", MOST_METRICS)
                self._dropped += 1
                return
            units = self._series[point.key] = {}
        unit = units.setdefault(point.unit, _Unit())
        second = int(point.at)
        if point.resolution == 1:
            target, start = unit.fine, second
        else:
            target, start = unit.coarse, second - second % COARSE
        target.setdefault(start, Distribution()).merge(point.values)
        self._touched[point.key] = max(self._touched.get(point.key, 0.0), point.at)

    def windows(
        self, key: MetricKey, start: int, end: int, period: int, unit: str | None = None
    ) -> dict[str, dict[int, Distribution]]:
        """By unit: the distributions of the periods that begin at `start`, `start + period`, … before `end`.

        Periods without data are left out. `unit` None stands for every unit.
        """
        with self._lock:
            result: dict[str, dict[int, Distribution]] = {}
            for name, kept in self._series.get(key, {}).items():
                if unit is not None and name != unit:
                    continue
                found: dict[int, Distribution] = {}
                for at, values in kept.between(start, end):
                    found.setdefault(at - (at - start) % period, Distribution()).merge(values)
                if found:
                    result[name] = dict(sorted(found.items()))
            return result

    def keys(self, since: float) -> list[MetricKey]:
        """The metrics that took a value at or after `since`, in a stable order."""
        with self._lock:
            found = [key for key, at in self._touched.items() if at >= since]
        return sorted(found, key=lambda key: (key.namespace, key.name, key.dimensions))

    def tidy(self, now: float) -> None:
        """Turn old seconds into minutes and drop what is too old; does nothing most of the time."""
        if now - self._tidied < _TIDY_EVERY:
            return
        with self._lock:
            self._tidied = now
            for key, units in list(self._series.items()):
                keep = FINE_SECONDS_OF_AWS if key.namespace.startswith("AWS/") else FINE_SECONDS
                for name, unit in list(units.items()):
                    _roll_up(unit, int(now - keep))
                    _pack(unit, int(now - COARSE))
                    _drop(unit.coarse, int(now - COARSE_SECONDS))
                    if not unit.fine and not unit.coarse:
                        del units[name]
                if not units:
                    del self._series[key], self._touched[key]


def _between(
    kept: dict[int, Distribution], start: int, end: int, step: int
) -> Iterator[tuple[int, Distribution]]:
    """What lies in [start, end): by looking each time up, or by going through all, whichever is less."""
    if (end - start) // step < len(kept):
        first = start + -start % step
        for at in range(first, end, step):
            values = kept.get(at)
            if values is not None:
                yield at, values
        return
    for at, values in kept.items():
        if start <= at < end:
            yield at, values


def _roll_up(unit: _Unit, before: int) -> None:
    touched: set[int] = set()
    before -= before % COARSE  # whole minutes only, so that no period is split between the two
    for at in _first_before(unit.fine, before):
        minute = at - at % COARSE
        unit.coarse.setdefault(minute, Distribution()).merge(unit.fine.pop(at))
        touched.add(minute)
    for minute in touched:
        unit.coarse[minute].pack(MOST_BINS)


def _pack(unit: _Unit, before: int) -> None:
    for at, values in unit.fine.items():
        if unit.packed <= at < before:
            values.pack()
    unit.packed = max(unit.packed, before)


def _drop(kept: dict[int, Distribution], before: int) -> None:
    for at in _first_before(kept, before):
        del kept[at]


def _first_before(kept: dict[int, Distribution], before: int) -> list[int]:
    """The times before `before`; they come first, but for values that were put late."""
    found = []
    for at in kept:
        if at >= before:
            break
        found.append(at)
    return found
