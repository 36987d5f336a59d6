"""`reference.json`: by day, how many rows each cell of each column has. Its format is in docs/model.md.

It is small whatever the data's size, and the same data and code give the same bytes.
"""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.contract import Service
from model.training.kinds.measures import Scores
from model.training.reference import columns
from model.training.reference.blocks import Blocks, blocked
from model.training.reference.columns import Column
from model.training.reference.given import weights
from model.training.sensitive import sensitive

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

FORMAT = 1
SCORE = "score"
"""The name of what was answered, among the columns."""
_BELOW_ONE = 1 - 1e-6


def profile(service: Service, rows: "pd.DataFrame", score: "Callable[[pd.DataFrame], Scores]") -> bytes:
    """The file's bytes; `score` is asked for the scores of the rows that are kept."""
    blocks = blocked(service, rows)
    features = [
        columns.category(feature.name, blocks.rows[feature.name], blocks)
        if feature.kind == "category"
        else columns.number(feature.name, _floats(blocks.rows[feature.name]), blocks)
        for feature in service.features
        if feature.name != SCORE and not feature.sensitive
    ]
    scored = columns.number(SCORE, _one_number(score(blocks.rows)), blocks)
    held = {
        "format": FORMAT,
        "service": service.name,
        "blocks": blocks.kind,
        "time": service.expected.time if blocks.kind == "days" else None,
        "days": list(blocks.names),
        "every": blocks.every,
        "columns": [_column(column, blocks) for column in (*features, scored)],
        "given": weights(features, scored),
    }
    if hidden := sensitive(service):
        held["unwatched"] = dict(hidden)
    text = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def _column(column: Column, blocks: Blocks) -> dict[str, Any]:
    binning = (
        {"categories": list(column.categories)} if column.kind == "category" else {"edges": column.edges}
    )
    counts = column.counts(blocks)
    return {"name": column.name, "kind": column.kind, **binning, **column.facts, "counts": counts}


def _floats(column: "pd.Series") -> NDArray[np.float64]:
    return column.to_numpy("float64", na_value=np.nan)


def _one_number(scores: Scores) -> NDArray[np.float64]:
    """The score that is counted of a row: of several classes the likeliest one's number plus its probability,
    as the server counts it."""
    if scores.ndim == 1:
        return scores.astype(np.float64)
    top = scores.max(axis=1)
    return np.where(
        np.isfinite(scores).all(axis=1), scores.argmax(axis=1) + np.minimum(top, _BELOW_ONE), np.nan
    )
