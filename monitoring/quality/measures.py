"""AUC and log loss of a window of days, from their counts, each with an interval that knows of days. Pure.

The interval leaves out one day after the other (a jackknife): rows of a day share what happened on it, so
that an error of single rows would be too small.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from monitoring.quality.days import Day

LEAST_DAYS = 7
"""A jackknife of fewer days says nothing."""


@dataclass(frozen=True)
class Measured:
    """A measure with its standard error over days; NaN where there is none."""

    value: float
    error: float

    def interval(self, error: float = 0.05) -> tuple[float, float]:
        """Of one look, by a normal distribution."""
        half = float(norm.isf(error / 2)) * self.error
        return self.value - half, self.value + half

    def below(self, floor: float, error: float) -> bool:
        """Whether it is below a floor by more than one look's error of chance."""
        return math.isfinite(self.error) and self.value + float(norm.isf(error)) * self.error < floor

    def above(self, ceiling: float, error: float) -> bool:
        """Whether it is above a ceiling by more than one look's error of chance."""
        return math.isfinite(self.error) and self.value - float(norm.isf(error)) * self.error > ceiling


def auc(days: Sequence[Day]) -> Measured:
    """How well the scores rank the rows of all these days together."""
    return _jackknife(days, lambda total: _auc(total.positive, total.negative))


def log_loss_ratio(days: Sequence[Day], constant: float) -> Measured:
    """The log loss over that of always saying `constant`, the base rate of training; 1 is worth nothing."""
    return _jackknife(days, lambda total: total.loss / _constant_loss(total, constant))


def _constant_loss(total: Day, constant: float) -> float:
    true = total.truths
    return -(true * math.log(constant) + (total.labelled - true) * math.log1p(-constant))


def _auc(positive: NDArray[np.int64], negative: NDArray[np.int64]) -> float:
    pairs = float(positive.sum()) * float(negative.sum())
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum()) / pairs if pairs else math.nan


def _jackknife(days: Sequence[Day], measure: Callable[[Day], float]) -> Measured:
    labelled = [day for day in days if day.labelled]
    if not labelled:
        return Measured(math.nan, math.nan)
    total = reduce(Day.plus, labelled)
    n = len(labelled)
    if n < LEAST_DAYS:
        return Measured(measure(total), math.nan)
    rest = np.array([measure(total.without(day)) for day in labelled])
    return Measured(measure(total), math.sqrt((n - 1) / n * float(((rest - rest.mean()) ** 2).sum())))
