"""What CloudWatch keeps of the values of one metric in one stretch of time. Pure.

Counts, sums and extremes are exact. Values are kept as they are while there are few distinct ones, and in
bins 1 % wide after that, so that a percentile of many values is right to half a percent; bins grow wider
when values over many powers of ten would still need too many. A statistic set of more than one value has no
values; percentiles of it do not exist, as in CloudWatch.
"""

import math
from collections.abc import Iterable, Mapping

DISTINCT = 512
"""Distinct values, or bins, that are kept at most."""

_BIN = math.log(1.01)


class Distribution:
    """Count, sum, least, most, and the values with their counts (None: not known)."""

    __slots__ = ("count", "least", "most", "total", "values", "width")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.least = math.inf
        self.most = -math.inf
        self.values: dict[float, float] | None = {}
        self.width = 0.0
        """Of a bin, on the logarithmic scale; 0 while values are kept as they are."""

    def add(self, value: float, count: float = 1.0) -> None:
        """Take in `count` times `value`."""
        self.count += count
        self.total += value * count
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        if self.values is not None:
            self._keep(self.values, value, count)

    def merge(self, other: "Distribution") -> None:
        """Take in all that `other` holds."""
        if not other.count:
            return
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        if self.values is None or other.values is None:
            self.values = None
            return
        if other.width > self.width:
            self._widen(other.width)
        for value, count in other.values.items():
            self._keep(self.values, value, count)

    def _keep(self, values: dict[float, float], value: float, count: float) -> None:
        middle = _middle(value, self.width)
        values[middle] = values.get(middle, 0.0) + count
        while self.values is not None and len(self.values) > DISTINCT:
            self._widen(2 * self.width or _BIN)

    def _widen(self, width: float) -> None:
        """Put the same counts into bins of that width."""
        before, self.values, self.width = self.values or {}, {}, width
        for value, count in before.items():
            middle = _middle(value, width)
            self.values[middle] = self.values.get(middle, 0.0) + count


def of_values(values: Iterable[float], counts: Iterable[float] | None = None) -> Distribution:
    """The distribution of values, each counted once or as `counts` says."""
    result = Distribution()
    if counts is None:
        for value in values:
            result.add(value)
        return result
    for value, count in zip(values, counts, strict=True):
        if count > 0:
            result.add(value, count)
    return result


def of_statistics(statistics: Mapping[str, float]) -> Distribution:
    """The distribution of a StatisticSet: SampleCount, Sum, Minimum, Maximum.

    Its values are known only when they must all be equal.
    """
    result = Distribution()
    result.count, result.total = float(statistics["SampleCount"]), float(statistics["Sum"])
    result.least, result.most = float(statistics["Minimum"]), float(statistics["Maximum"])
    result.values = {result.least: result.count} if result.least == result.most else None
    return result


def merged(parts: Iterable[Distribution]) -> Distribution:
    """All of `parts` as one."""
    result = Distribution()
    for part in parts:
        result.merge(part)
    return result


def _middle(value: float, width: float) -> float:
    """The middle of the bin that a value falls into."""
    if not width or not value:
        return value
    return math.copysign(math.exp(round(math.log(abs(value)) / width) * width), value)
