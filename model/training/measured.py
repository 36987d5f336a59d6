"""What gates need to know of a candidate besides its evaluation, as values."""

from dataclasses import dataclass
from typing import NamedTuple


class Gain(NamedTuple):
    """Main measure gained over another model on the same rows."""

    value: float
    error: float
    """Its standard error: the rows are a sample."""


class Leak(NamedTuple):
    """How much of the label one feature alone explains."""

    feature: str
    value: float
    """In the kind's main measure, on the test rows."""


@dataclass(frozen=True)
class Measured:
    """The candidate beside others and by itself. None where there is nothing to compare or to measure."""

    parity: float
    """The largest difference between the graph's and scikit-learn's scores, in parts of the output's span."""
    yardstick: Gain | None = None
    """Over the simple model trained on all history."""
    champion: Gain | None = None
    """Over the live model."""
    leak: Leak | None = None
    """The feature that alone explains most."""
    behind_days: float | None = None
    """Days between the last training row and the first test row."""
    milliseconds: float | None = None
    """The least time in which the graph answers one row."""
    megabytes: float | None = None
    """Of the graph."""
