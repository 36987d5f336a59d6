"""The bins of the window's histograms, as docs/telemetry.md numbers them. No counts."""

from math import log

LATENCY_FLOOR = 1e-4
"""Seconds; what is faster falls in the first bin."""
LATENCY_STEP = 1.02
"""Ratio of the two edges of a latency bin."""
LATENCY_BINS = 720
"""Up to 155 s; SageMaker gives up at 60 s."""
SCORE_BINS = 200
"""Of [0, 1]; what lies outside falls in the first or last bin."""

_LOG_STEP = log(LATENCY_STEP)
_LAST_LATENCY = LATENCY_BINS - 1
_LAST_SCORE = SCORE_BINS - 1


def latency_bin(seconds: float) -> int:
    """The bin of a latency."""
    if seconds <= LATENCY_FLOOR:
        return 0
    index = int(log(seconds / LATENCY_FLOOR) / _LOG_STEP)
    return index if index < _LAST_LATENCY else _LAST_LATENCY


def score_bin(score: float) -> int:
    """The bin of a finite score."""
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
    """The score in the middle of score bin `index`."""
    return (index + 0.5) / SCORE_BINS
