"""Golden requests: real rows with the scores that scikit-learn gives them.

Any server of the model must answer these requests with these scores; a release is smoke-tested with them.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from model.contract import Service
from model.training.errors import ExportError
from model.training.export import stressed
from model.training.kinds.measures import Scores
from model.training.sensitive import made_up

TOLERANCE = 1e-5
"""Largest allowed difference between a served score and scikit-learn's, in parts of the output's span."""
BATCH = 8


def golden(service: Service, rows: pd.DataFrame, score: Callable[[pd.DataFrame], Scores]) -> dict[str, Any]:
    """Requests made of `rows` (in order) and the scores of `score` for them.

    They cover one row, a batch, missing numbers, unseen categories and CSV. Sensitive features have their
    declared example in every row.
    """
    rows = made_up(service, rows)
    spread = rows.iloc[np.linspace(0, len(rows) - 1, 3 * BATCH).astype(int)]
    complete = rows[rows[list(service.names)].notna().all(axis="columns")].head(1)
    batches = [
        ("application/json", complete),
        ("application/json", spread.head(BATCH)),
        ("application/json", stressed(service, spread.iloc[BATCH : 2 * BATCH])),
        ("text/csv", spread.tail(BATCH)),
    ]
    names, span = service.names, service.output.span
    return {
        "tolerance": TOLERANCE * span,
        **({} if span == 1 else {"span": span}),
        "requests": [
            {
                "content_type": content_type,
                "body": _json(names, batch) if content_type == "application/json" else _csv(names, batch),
                "scores": _numbers(score(batch)),
            }
            for content_type, batch in batches
            if len(batch)
        ],
    }


def _numbers(scores: Scores) -> list[Any]:
    if not np.isfinite(scores).all():
        raise ExportError(
            "The model gives scores that are no numbers to rows of the test data.",
            "No endpoint could be proven to answer as it does, so nothing was written.",
            "Correct the pipeline: fill what is missing before a step that cannot take it.",
        )
    return scores.tolist()


def _json(names: Sequence[str], rows: pd.DataFrame) -> str:
    return json.dumps({"instances": [dict(zip(names, row, strict=True)) for row in _values(names, rows)]})


def _csv(names: Sequence[str], rows: pd.DataFrame) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if value is None else value for value in row] for row in _values(names, rows))
    return text.getvalue()


def _values(names: Sequence[str], rows: pd.DataFrame) -> list[list[Any]]:
    return [[_plain(value) for value in row] for row in rows[list(names)].itertuples(index=False)]


def _plain(value: Any) -> Any:
    """A JSON value that reads back as the same number: 315 for 315.0, None for a missing one."""
    if isinstance(value, str):
        return value
    if np.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)
