"""Golden requests: real rows with the scores that scikit-learn gives them.

Any server of the model must answer these requests with these scores; a release is smoke-tested with them.
"""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from model.service.features import NAMES
from model.training.evaluation import Scores
from model.training.export import stressed

TOLERANCE = 1e-5
"""Largest allowed difference between a served score and scikit-learn's."""
BATCH = 8


def golden(rows: pd.DataFrame, score: Callable[[pd.DataFrame], Scores]) -> dict[str, Any]:
    """Requests made of `rows` (at least 4 * BATCH, in order) and the scores of `score` for them.

    They cover one row, a batch, missing numbers, unseen categories and CSV.
    """
    spread = rows.iloc[np.linspace(0, len(rows) - 1, 3 * BATCH).astype(int)]
    complete = rows[rows[list(NAMES)].notna().all(axis="columns")].head(1)
    batches = [
        ("application/json", complete),
        ("application/json", spread.head(BATCH)),
        ("application/json", stressed(spread.iloc[BATCH : 2 * BATCH])),
        ("text/csv", spread.tail(BATCH)),
    ]
    return {
        "tolerance": TOLERANCE,
        "requests": [
            {
                "content_type": content_type,
                "body": _json(batch) if content_type == "application/json" else _csv(batch),
                "scores": [float(value) for value in score(batch)],
            }
            for content_type, batch in batches
            if len(batch)
        ],
    }


def _json(rows: pd.DataFrame) -> str:
    return json.dumps({"instances": [dict(zip(NAMES, row, strict=True)) for row in _values(rows)]})


def _csv(rows: pd.DataFrame) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NAMES)
    writer.writerows(["" if value is None else value for value in row] for row in _values(rows))
    return text.getvalue()


def _values(rows: pd.DataFrame) -> list[list[Any]]:
    return [[_plain(value) for value in row] for row in rows[list(NAMES)].itertuples(index=False)]


def _plain(value: Any) -> Any:
    """A JSON value that reads back as the same number: 315 for 315.0, None for a missing one."""
    if isinstance(value, str):
        return value
    if np.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)
