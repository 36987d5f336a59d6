"""Is the mean score still the base rate? Evidence day by day, with a bound that is valid at every look. Pure.

The rows of one day are no independent evidence: flights share a day's weather. So the unit is a day. Its gap
(mean score less base rate) is a number around an expected one. Its chances of being far above are no greater
than a normal distribution's with variance

    v = spread ** 2 + sum(s (1 - s)) / n ** 2

the first from day to day (a setting), the second by the chance of n rows; of being far below the same, with
a spread of its own: a storm makes many flights late that nobody expected, and nothing makes as many early.
Under the null, that the expected gap is at most the tolerance whatever the days before were,

    e = exp(k (gap - tolerance - k v / 2)),   k = excess / v

has expectation at most 1, so products of it over days are an e-process: the probability that it ever reaches
1/a is at most a, however often one looks. Capital is spread over two excesses and over the day on which the
trouble begins. The same for the other side; the two share the error.

What this cannot promise: days in a row resemble each other (a heat wave lasts), which the null forbids above
the tolerance. docs/quality-benchmark.md counts false alarms on streams that keep that.
"""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EXCESSES = (1.0, 2.0)
"""What is bet on: so many spreads beyond the tolerance."""
BEGINS = 30.0
"""Half of the capital is bet within so many days; the rest later and later, for troubles that begin late."""
MOST = 30.0
"""The most log capital that one day brings. Less than the truth is always allowed."""
LOG_FLOOR = -700.0


@dataclass(frozen=True)
class Gaps:
    """One number a day that should not lie further from 0 than a tolerance."""

    days: tuple[date, ...]
    values: Array
    above: Array
    """The variance of the days, as far as they lie above what is expected ..."""
    below: Array
    """... and below."""
    rows: NDArray[np.int64]
    """Labelled rows of each day."""

    def variances(self, side: int) -> Array:
        """Of one side."""
        return self.above if side > 0 else self.below

    def __len__(self) -> int:
        return len(self.days)


@dataclass(frozen=True)
class Evidence:
    """What the days say so far of one side: too high (+1) or too low (-1)."""

    side: int
    log_capital: Array
    """After each day. What reached log(1/error) once has alarmed."""

    def first(self, error: float) -> int | None:
        """The first day on which it alarms, as an index."""
        [hits] = np.nonzero(self.log_capital >= math.log(1 / error))
        return int(hits[0]) if len(hits) else None


def variance(spread: float, chance: Array, rows: NDArray[np.int64]) -> Array:
    """Of days with a spread of their own; `chance` is the sum of s (1 - s) of a day."""
    return spread**2 + chance / np.maximum(rows, 1) ** 2


def evidence(gaps: Gaps, tolerance: float, side: int) -> Evidence:
    """Bet, day by day, that the expected gap lies beyond the tolerance on one side."""
    variances = gaps.variances(side)[:, None]
    excess = np.sqrt(variances) * EXCESSES
    beyond = (side * gaps.values - tolerance)[:, None]
    brought = np.minimum((excess * beyond - excess**2 / 2) / variances, MOST)
    capital = np.full(len(EXCESSES), LOG_FLOOR)
    found = np.empty(len(gaps))
    for place, log_e in enumerate(brought):
        begin = math.log(BEGINS / ((place + BEGINS) * (place + BEGINS + 1)) / len(EXCESSES))
        capital = np.maximum(np.logaddexp(capital, begin) + log_e, LOG_FLOOR)
        rest = math.log(BEGINS / (place + BEGINS + 1))
        found[place] = np.logaddexp(np.logaddexp.reduce(capital), rest)
    return Evidence(side, found)


def began(gaps: Gaps, tolerance: float, side: int, until: int) -> int:
    """The day from which on the sum beyond the tolerance is greatest, up to day `until`, as an index."""
    beyond = (side * gaps.values[: until + 1] - tolerance) / gaps.variances(side)[: until + 1]
    return int(np.argmax(np.cumsum(beyond[::-1])[::-1]))


@dataclass(frozen=True)
class Bound:
    """The mean of days, and where what is expected of them lies, at every look at once."""

    mean: float
    low: float
    high: float
    days: int


def bound(gaps: Gaps, error: float) -> Bound:
    """The mean gap of all days with Robbins' normal mixture on each side; there is at least one day.

    It is wrong at any look ever with a probability of at most `error`. Where it is narrowest the first day
    alone says, since a mixture that later days choose would promise nothing.
    """
    mean = float(gaps.values.mean())
    above, below = (_half(gaps.variances(side), error / 2) for side in (1, -1))
    return Bound(mean, mean - above, mean + below, len(gaps))


def _half(variances: Array, error: float) -> float:
    total, typical = float(variances.sum()), float(BEGINS * variances[0])
    spread = math.log((total + typical) / typical) + 2 * math.log(1 / error)
    return math.sqrt((total + typical) * spread) / len(variances)
