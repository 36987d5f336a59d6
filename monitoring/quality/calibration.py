"""Is the mean score still the base rate? Evidence day by day, with a bound that is valid at every look. Pure.

The rows of one day are no independent evidence: flights share a day's weather. So the unit is a day. Its gap
(mean score less base rate) is a number around an expected one with variance

    v = spread ** 2 + sum(s (1 - s)) / n ** 2

the first from day to day (a setting), the second by the chance of n rows. Under the null, that the expected
gap is at most the tolerance whatever the days before were, and for deviations no wilder than a normal one's,

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
    """One number a day, with its variance, that should not lie further from 0 than a tolerance."""

    days: tuple[date, ...]
    values: Array
    variances: Array
    rows: NDArray[np.int64]
    """Labelled rows of each day."""

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
    excess = np.sqrt(gaps.variances)[:, None] * EXCESSES
    beyond = (side * gaps.values - tolerance)[:, None]
    brought = np.minimum((excess * beyond - excess**2 / 2) / gaps.variances[:, None], MOST)
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
    beyond = (side * gaps.values[: until + 1] - tolerance) / gaps.variances[: until + 1]
    return int(np.argmax(np.cumsum(beyond[::-1])[::-1]))


@dataclass(frozen=True)
class Bound:
    """A mean of days, each weighed by how sure it is, and where it lies at every look at once."""

    mean: float
    low: float
    high: float
    days: int


def bound(gaps: Gaps, error: float) -> Bound:
    """The mean gap of all days with Robbins' normal mixture; there is at least one.

    It is wrong at any look ever with a probability of at most `error`.
    """
    weights = 1 / gaps.variances
    total, typical = float(weights.sum()), float(BEGINS * np.median(weights))
    half = (
        math.sqrt((total + typical) * (math.log((total + typical) / typical) + 2 * math.log(1 / error)))
        / total
    )
    mean = float((weights * gaps.values).sum() / total)
    return Bound(mean, mean - half, mean + half, len(gaps))
