"""How sure a share or a mean of some rows is: its standard error and its interval of 95 %."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Z = 1.959964
"""Of a normal distribution 95 % lie within so many standard deviations."""


class Sure(NamedTuple):
    """A value measured on `rows` rows, its standard error, and its interval. NaN where there is none."""

    value: float
    error: float
    low: float
    high: float
    rows: int


def share(hits: int, rows: int) -> Sure:
    """A share, by Wilson's interval: at 0 or 1 it is not sure either."""
    if not rows:
        return Sure(math.nan, math.nan, math.nan, math.nan, 0)
    part, z2 = hits / rows, Z * Z
    middle = (part + z2 / (2 * rows)) / (1 + z2 / rows)
    half = Z * math.sqrt(part * (1 - part) / rows + z2 / (4 * rows * rows)) / (1 + z2 / rows)
    return Sure(part, half / Z, max(0.0, middle - half), min(1.0, middle + half), rows)


def mean(values: NDArray[np.float64]) -> Sure:
    """A mean, by its normal interval."""
    if len(values) < 2:
        return Sure(float(values.mean()) if len(values) else math.nan, *[math.nan] * 3, len(values))
    return around(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)), len(values))


def around(value: float, error: float, rows: int) -> Sure:
    """A value with a known standard error."""
    return Sure(value, error, value - Z * error, value + Z * error, rows)
