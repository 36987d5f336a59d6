"""The probabilities of several classes as one number, which telemetry counts. No bodies."""

from collections.abc import Sequence
from math import isfinite, nan

_BELOW_ONE = 1 - 1e-6


def counted(probabilities: Sequence[float]) -> float:
    """The number of the most probable class, counted from 0, and its probability added: 1.93 is class 1 with
    .93. So one histogram says how often each class is answered, and how surely. NaN where any is no number.
    """
    if not isfinite(sum(probabilities)):
        return nan
    top = max(probabilities)
    return probabilities.index(top) + min(top, _BELOW_ONE)
