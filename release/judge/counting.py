"""Count requests into cells, as a container does while it serves.

This is for evidence made elsewhere and for the benchmark: the inference server has counting code of its own.
One call counts one variant's requests in the order in which they were answered by one worker.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from release.judge.cells import (
    CELLS,
    CLUMP_CALM,
    CLUMP_LENGTH,
    SCORE_BINS,
    SPANS,
    latency_bins,
    unit_bins,
)


@dataclass(frozen=True)
class Requests:
    """Requests of one variant in order: all arrays have one length.

    `block` numbers the window that each belongs to, from 0; `latency` is in seconds; a `score` that is not
    finite is an invalid prediction. Latency and score of an error are ignored.
    """

    block: NDArray[np.int64]
    error: NDArray[np.bool_]
    latency: NDArray[np.float64]
    score: NDArray[np.float64]


def count(requests: Requests, blocks: int) -> NDArray[np.float64]:
    """Counts of `blocks` windows, shape (blocks, CELLS)."""
    table = np.zeros(blocks * CELLS)
    base = requests.block * CELLS
    ok = ~requests.error
    finite = np.isfinite(requests.score)
    eligible, first = clumps(requests.error)
    good = ok & finite
    cells = (
        base + SPANS["requests"].start + requests.error,
        (base + SPANS["clumps"].start + first)[eligible],
        (base + SPANS["invalid"].start + ~finite)[ok],
        base[ok] + SPANS["latency"].start + latency_bins(requests.latency[ok]),
        base[good] + SPANS["score"].start + unit_bins(requests.score[good], SCORE_BINS),
    )
    for cell in cells:
        table += np.bincount(cell, minlength=table.size)
    return table.reshape(blocks, CELLS)


def clumps(error: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which requests are trials, and which of those are the first error of a clump.

    After an error the variant is *closed* until CLUMP_CALM successes in a row, or until CLUMP_LENGTH requests
    have passed since that first error. A request that meets the variant open is a trial: given all before
    it, it fails with the probability of a first error, which is what makes the count of clumps binomial.
    """
    eligible = np.ones(error.size, dtype=bool)
    first = np.zeros(error.size, dtype=bool)
    closed_until = 0
    positions = np.flatnonzero(error)
    for rank, at in enumerate(positions):
        if at < closed_until:
            continue
        first[at] = True
        closed_until = _closed_until(positions, rank, error.size)
        eligible[at + 1 : closed_until] = False
    return eligible, first


def _closed_until(positions: NDArray[np.int64], rank: int, size: int) -> int:
    """The first open position after the clump that begins at the error `rank`."""
    start = last = int(positions[rank])
    for other in positions[rank + 1 : rank + 1 + CLUMP_LENGTH]:
        if other - last > CLUMP_CALM or last - start >= CLUMP_LENGTH:
            break
        last = int(other)
    return min(last + CLUMP_CALM + 1, start + CLUMP_LENGTH + 1, size)
