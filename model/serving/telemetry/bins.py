"""The bins of the window's histograms, as docs/telemetry.md numbers them. No counts."""

from math import log
from typing import NamedTuple

LATENCY_FLOOR = 1e-4
"""Seconds; what is faster falls in the first bin."""
LATENCY_STEP = 1.02
"""Ratio of the two edges of a latency bin."""
LATENCY_BINS = 720
"""Up to 155 s; SageMaker gives up at 60 s."""
SCORE_BINS = 200
"""Of the scale; what lies outside falls in the first or last bin."""

_LOG_STEP = log(LATENCY_STEP)
_LAST_LATENCY = LATENCY_BINS - 1
_LAST_SCORE = SCORE_BINS - 1


class Scale(NamedTuple):
    """What the score bins are equal parts of: [0, 1], or what the schema says that scores lie between."""

    minimum: float = 0.0
    maximum: float = 1.0

    @property
    def span(self) -> float:
        """Its length."""
        return self.maximum - self.minimum

    def value(self, part: float) -> float:
        """The score at a part of it: .5 is the middle."""
        return self.minimum + self.span * part


UNIT = Scale()
"""That of probabilities."""


def latency_bin(seconds: float) -> int:
    """The bin of a latency."""
    if seconds <= LATENCY_FLOOR:
        return 0
    index = int(log(seconds / LATENCY_FLOOR) / _LOG_STEP)
    return index if index < _LAST_LATENCY else _LAST_LATENCY


def score_bin(score: float) -> int:
    """The bin of a score, given as a part of the scale."""
    if score >= 1:
        return _LAST_SCORE
    return min(_LAST_SCORE, int(score * SCORE_BINS)) if score > 0 else 0


def latency_edge(index: int) -> float:
    """Seconds at the lower edge of latency bin `index`."""
    return LATENCY_FLOOR * LATENCY_STEP**index


def latency_middle(index: int) -> float:
    """Seconds in the middle of latency bin `index`: at most 1 % from every latency in it."""
    return latency_edge(index) * (1 + LATENCY_STEP) / 2


def score_middle(index: int) -> float:
    """The middle of score bin `index`, as a part of the scale."""
    return (index + 0.5) / SCORE_BINS
