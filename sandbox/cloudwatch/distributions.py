"""What CloudWatch keeps of the values of one metric in one stretch of time. Pure.

Counts, sums and extremes are exact. Values are kept as they are while there are few distinct ones, and in
bins 1 % wide after that, so that a percentile of many values is right to half a percent. A statistic set of
more than one value has no values; percentiles of it do not exist, as in CloudWatch.
"""

import math
from collections.abc import Iterable, Mapping

DISTINCT = 512
"""Distinct values that are kept as they are."""

_BIN = math.log(1.01)


class Distribution:
    """Count, sum, least, most, and the values with their counts (None: not known)."""

    __slots__ = ("count", "least", "most", "total", "values")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.least = math.inf
        self.most = -math.inf
        self.values: dict[float, float] | None = {}

    def add(self, value: float, count: float = 1.0) -> None:
        """Take in `count` times `value`."""
        self.count += count
        self.total += value * count
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        if self.values is not None:
            self.values[value] = self.values.get(value, 0.0) + count
            if len(self.values) > DISTINCT:
                self.values = _binned(self.values)

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
        for value, count in other.values.items():
            self.values[value] = self.values.get(value, 0.0) + count
        if len(self.values) > DISTINCT:
            self.values = _binned(self.values)


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


def _binned(values: Mapping[float, float]) -> dict[float, float]:
    """The same counts at values that are the middles of bins 1 % wide (on a logarithmic scale)."""
    result: dict[float, float] = {}
    for value, count in values.items():
        middle = 0.0
        if value:
            middle = math.copysign(math.exp(round(math.log(abs(value)) / _BIN) * _BIN), value)
        result[middle] = result.get(middle, 0.0) + count
    return result
