"""Which scores the features let expect: a plain additive model of the model, fitted to the reference's rows.

Season moves features and scores together, and says nothing of the model. What is left of the scores once the
features are allowed for hardly moves with the season, so that a small bias of the scores can be told from it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.training.reference.columns import Column

MOST_CELLS = 2000
MOST_ROWS = 40_000
ROWS_PER_CELL = 5
RIDGE = 1e-3
"""In parts of the rows: cells that are always seen together share a weight."""
_CHUNK = 4000


def weights(features: Sequence[Column], score: Column) -> list[list[float]] | None:
    """For each edge of the score and each cell of the features, how much more of the rows score below it.

    None where there are no features or too many cells, or too few rows for them.
    """
    sizes = [column.size for column in features]
    count, rows = sum(sizes), len(score.cells)
    if not features or not score.edges or count > MOST_CELLS or rows < ROWS_PER_CELL * count:
        return None
    every = max(1, -(-rows // MOST_ROWS))
    starts = np.cumsum([0, *sizes[:-1]])
    places = np.stack([column.cells[::every] for column in features], axis=1) + starts
    below = (score.cells[::every, None] <= np.arange(len(score.edges))).astype(np.float64)
    gram, moment = np.zeros((count, count)), np.zeros((count, len(score.edges)))
    total = len(places)
    for start in range(0, total, _CHUNK):
        rows_here = places[start : start + _CHUNK]
        held = np.zeros((len(rows_here), count))
        np.put_along_axis(held, rows_here, 1.0, axis=1)
        gram += held.T @ held
        moment += held.T @ below[start : start + _CHUNK]
    mean = np.diag(gram) / total
    gram -= total * np.outer(mean, mean)
    moment -= total * np.outer(mean, below.mean(axis=0))
    found: NDArray[np.float64] = np.linalg.solve(gram + RIDGE * total * np.eye(count), moment)
    # adding 0.0 turns -0.0 into 0.0, so that nothing depends on the sign of nothing
    return (found.T.round(4) + 0.0).tolist()
