"""What retraining would have gained or lost: models of what was known before a month, measured on that month.

Two windows: everything so far, and the four newest months. `./slipway retrain` grows its window
(docs/retraining.md); the four newest months are what many schedules would take.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from model.contract import Rows
from model.service.data import of_months
from model.service.service import SERVICE
from model.training.assessment import fit
from model.training.kinds.binary import auc, gain_error

MODEL = "boosting"
LIVE = (1, 6)
NEWEST = 4


@dataclass(frozen=True)
class Retrained:
    """A model of other months, beside the live one on the same flights."""

    month: int
    window: str
    first: int
    last: int
    auc: float
    gain: float
    """In AUC over the live model ..."""
    error: float
    """... and its standard error."""
    gap: float
    """Mean score less base rate."""


def retrained(build: Path, months: Sequence[int]) -> list[Retrained]:
    """The windows of each month."""
    table = SERVICE.load(build).table

    @cache
    def model(first: int, last: int) -> Pipeline:
        rows = Rows(f"months {first}-{last}", lambda flights: of_months(flights, first, last))
        return fit(SERVICE, MODEL, table, rows)

    found = []
    with threadpool_limits(1):
        for month in months:
            rows = of_months(table, month)
            live = _scores(model(*LIVE), rows)
            for window, first in (("everything so far", 1), (f"the {NEWEST} newest months", month - NEWEST)):
                found.append(
                    _beside(month, window, first, rows, live, _scores(model(first, month - 1), rows))
                )
    return found


def _beside(
    month: int, window: str, first: int, rows: pd.DataFrame, live: np.ndarray, scores: np.ndarray
) -> Retrained:
    labels = SERVICE.labels(rows)
    value = auc(labels, scores)
    return Retrained(
        month=month,
        window=window,
        first=first,
        last=month - 1,
        auc=value,
        gain=value - auc(labels, live),
        error=gain_error(labels, scores, live),
        gap=float(scores.mean() - labels.mean()),
    )


def _scores(model: Pipeline, rows: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(SERVICE.inputs(rows))[:, 1]
