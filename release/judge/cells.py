"""The cells that every window counts in: one fixed axis of bins for all metrics.

A window is a sparse vector of counts on this axis, so merging windows is adding vectors, and every question
of the judge is a difference of two prefix sums. Changing a bin changes `SCHEMA`: windows of another schema
are set aside, never mixed in.

Which questions are asked about the cells is not known here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCHEMA = "slipway-window/1"
"""Names bins and fields together. A judge accepts only its own."""

LATENCY_FLOOR = 1e-4
"""Seconds; what is faster falls in the first bin."""
LATENCY_STEP = 1.02
"""Ratio of the two edges of a latency bin."""
LATENCY_BINS = 720
"""Up to 155 s; SageMaker gives up at 60 s."""
SCORE_BINS = 200
"""Equal parts of [0, 1]; a score outside falls in the first or last one."""
LOSS_BINS = 50
"""Equal parts of [0, 1]."""
PACE_STEP = 1.25
"""Ratio of two neighbouring thresholds of latency by which SageMaker's own metric is asked."""
PACE_BINS = 28
"""Bins between those thresholds, with one below the first and one above the last."""
PACE_SLOW = 20
"""The first bin of requests that took longer than the endpoint's latency objective."""

CLUMP_CALM = 5
"""Errors stick together in clumps, and a clump ends when this many requests in a row have succeeded ..."""
CLUMP_LENGTH = 25
"""... or when it spans this many requests, so that a lasting outage does not count as one error."""


@dataclass(frozen=True)
class Span:
    """The cells `[start, stop)` of one group; the lowest value first."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many cells."""
        return self.stop - self.start


def _spans(sizes: dict[str, int]) -> dict[str, Span]:
    spans, at = {}, 0
    for name, size in sizes.items():
        spans[name] = Span(at, at + size)
        at += size
    return spans


SPANS = _spans(
    {
        "requests": 2,  # answered without error, with error
        "clumps": 2,  # eligible requests that succeeded, first errors of a clump
        "service": 2,  # invocations as the service counts them: without error, with
        "invalid": 2,  # predictions that are finite numbers, that are not
        "agreement": 2,  # requests seen by both: same answer, another
        "latency": LATENCY_BINS,
        "score": SCORE_BINS,
        "loss": LOSS_BINS,
        "pace": PACE_BINS,  # invocations by the time that the model took, as the service counts it
    }
)
CELLS = sum(span.size for span in SPANS.values())

Counts = NDArray[np.float64]
"""A dense vector of CELLS counts."""


def empty() -> Counts:
    """No counts."""
    return np.zeros(CELLS)


def latency_bins(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each latency, within the latency group."""
    ratio = np.maximum(seconds, LATENCY_FLOOR) / LATENCY_FLOOR
    bins = np.floor(np.log(ratio) / np.log(LATENCY_STEP)).astype(np.int64)
    return np.minimum(bins, LATENCY_BINS - 1)


def latency_edge(index: float) -> float:
    """Seconds at the lower edge of latency bin `index`."""
    return LATENCY_FLOOR * LATENCY_STEP**index


LATENCY_EDGES: NDArray[np.float64] = np.array([latency_edge(k) for k in range(LATENCY_BINS + 1)])
"""Seconds at the edges of the latency bins."""


def later_edges(edges: NDArray[np.float64], amount: float, side: int) -> NDArray[np.int64]:
    """For each of the rising `edges` of a group's bins, the index of the one that lies `amount` later.

    Where there is none, the next one above it (`side` +1) or below it (-1), never outside the group.
    """
    wanted = (edges + amount) * (1 - side * 1e-11)
    found = np.searchsorted(edges, wanted) if side > 0 else np.searchsorted(edges, wanted, "right") - 1
    return np.clip(found, np.arange(len(edges)), len(edges) - 1)


def pace_edges(objective: float) -> list[float]:
    """The thresholds between the bins of `pace`, in the unit of the latency objective, rising."""
    return [objective * PACE_STEP ** (k + 1 - PACE_SLOW) for k in range(PACE_BINS - 1)]


PACE_EDGES: NDArray[np.float64] = np.array([0.0, *pace_edges(1.0), np.inf])
"""The edges of the bins of `pace`, as shares of the latency objective."""


def latency_steps(factor: float) -> int:
    """The whole number of bins nearest to a ratio of latencies."""
    return round(float(np.log(factor) / np.log(LATENCY_STEP)))


def unit_bins(values: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """The bin of each value of [0, 1], within a group of `bins`."""
    return np.clip((values * bins).astype(np.int64), 0, bins - 1)
