"""The values of one metric in one span of time, as they are kept. Pure.

Counts, sums and extremes are exact. Values are kept as they are while there are few distinct ones, and in
bins 1 % wide after that, so that a percentile of many values is right to half a percent; bins grow wider
when values over many powers of ten would still need too many. A statistic set of more than one value has no
values; percentiles of it do not exist, as in CloudWatch.
"""

import math
from array import array
from collections.abc import Iterable, Mapping
from itertools import chain

DISTINCT = 512
"""Distinct values, or bins, that are kept at most."""

_BIN = math.log(1.01)


class Distribution:
    """Count, sum, least, most, and the values with their counts (None: not known)."""

    __slots__ = ("_packed", "_values", "count", "least", "most", "total", "width")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.least = math.inf
        self.most = -math.inf
        self.width = 0.0
        """Of a bin, on the logarithmic scale; 0 while values are kept as they are."""
        self._values: dict[float, float] | None = {}
        self._packed: array[float] | None = None
        """Values and counts in turn, in an eighth of a dictionary's memory; not changed as it is."""

    @property
    def values(self) -> dict[float, float] | None:
        """The values with their counts; None where they are not known."""
        if self._packed is not None:
            return dict(zip(self._packed[::2], self._packed[1::2], strict=True))
        return self._values

    def forget_values(self) -> None:
        """Keep count, sum and extremes alone."""
        self._values = self._packed = None

    def add(self, value: float, count: float = 1.0) -> None:
        """Take in `count` times `value`."""
        self._unpack()
        self.count += count
        self.total += value * count
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        if self._values is not None:
            self._keep(self._values, value, count)

    def merge(self, other: "Distribution") -> None:
        """Take in all that `other` holds."""
        if not other.count:
            return None
        self._unpack()
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        theirs = other.values
        if self._values is None or theirs is None:
            return self.forget_values()
        if other.width > self.width:
            self._widen(other.width)
        for value, count in theirs.items():
            self._keep(self._values, value, count)
        return None

    def pack(self, most: int = DISTINCT) -> None:
        """Keep at most `most` bins, in little memory; a later value unpacks them again."""
        self._unpack()
        while self._values is not None and len(self._values) > most:
            self._widen(2 * self.width or _BIN)
        if self._values is not None:
            self._packed = array("d", chain.from_iterable(self._values.items()))
            self._values = None

    def _unpack(self) -> None:
        if self._packed is not None:
            self._values, self._packed = self.values, None

    def _keep(self, values: dict[float, float], value: float, count: float) -> None:
        middle = _middle(value, self.width)
        values[middle] = values.get(middle, 0.0) + count
        while len(values) > DISTINCT:
            self._widen(2 * self.width or _BIN)

    def _widen(self, width: float) -> None:
        """Put the same counts into bins of that width."""
        self.width = width
        if self._values is None:
            return
        before = list(self._values.items())
        self._values.clear()
        for value, count in before:
            middle = _middle(value, width)
            self._values[middle] = self._values.get(middle, 0.0) + count


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
    least, most = float(statistics["Minimum"]), float(statistics["Maximum"])
    if least == most:
        result.add(least, float(statistics["SampleCount"]))
    else:
        result.forget_values()
    result.count, result.total = float(statistics["SampleCount"]), float(statistics["Sum"])
    result.least, result.most = least, most
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
