"""How good scores are on rows that no model learned from. Pure functions of labels and scores.

scikit-learn is imported when something is measured: gates and golden requests need the values alone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Scores = NDArray[np.float64]
CARRIER_ROWS = 1000
"""Carriers with fewer test rows are not measured on their own: their AUC is mostly noise."""


@dataclass(frozen=True)
class Evaluation:
    """Measures of one model on one month. All rates and scores are between 0 and 1."""

    rows: int
    base_rate: float
    """Share of late flights."""
    auc: float
    log_loss: float
    log_loss_ratio: float
    """Log loss over that of a model that always says the training months' base rate."""
    bias: float
    """Mean score minus base rate: positive when the scores are too high."""
    auc_by_origin: Mapping[str, float]
    auc_by_carrier: Mapping[str, float]
    """Carriers with at least CARRIER_ROWS rows."""


def evaluate(rows: pd.DataFrame, scores: Scores, prior: float) -> Evaluation:
    """Measures of `scores` (one for each of `rows`, which hold `late`, `origin` and `carrier`).

    `prior` is the training months' base rate. What cannot be measured (a score that is no number, a group
    without late flights) is NaN, and fails its gate.
    """
    late = rows["late"].to_numpy()
    loss = _log_loss(late, scores)
    return Evaluation(
        rows=len(rows),
        base_rate=float(late.mean()),
        auc=_auc(late, scores),
        log_loss=loss,
        log_loss_ratio=loss / _log_loss(late, np.full(len(late), prior)),
        bias=float(scores.mean() - late.mean()),
        auc_by_origin=_auc_by(rows, scores, "origin", 1),
        auc_by_carrier=_auc_by(rows, scores, "carrier", CARRIER_ROWS),
    )


def auc_gain(late: Labels, scores: Scores, other: Scores) -> float:
    """AUC of `scores` minus AUC of `other` on the same rows: the month's difficulty cancels out."""
    return _auc(late, scores) - _auc(late, other)


def metrics(prefix: str, result: Evaluation) -> dict[str, float]:
    """What was measured, as flat numbers: `test_auc`, `test_auc_origin_JFK`, …"""
    flat = {name: value for name, value in vars(result).items() if isinstance(value, int | float)}
    flat |= {f"auc_origin_{name}": value for name, value in result.auc_by_origin.items()}
    flat |= {f"auc_carrier_{name}": value for name, value in result.auc_by_carrier.items()}
    return {f"{prefix}_{name}": value for name, value in flat.items() if math.isfinite(value)}


def _auc_by(rows: pd.DataFrame, scores: Scores, column: str, least: int) -> dict[str, float]:
    scored = rows[[column, "late"]].assign(score=scores)
    return {
        str(name): _auc(group["late"].to_numpy(), group["score"].to_numpy())
        for name, group in scored.groupby(column)
        if len(group) >= least
    }


def _auc(late: Labels, scores: Scores) -> float:
    from sklearn.metrics import roc_auc_score

    if not np.isfinite(scores).all() or late.min() == late.max():
        return math.nan
    return float(roc_auc_score(late, scores))


def _log_loss(late: Labels, scores: Scores) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(late, scores, labels=[0, 1])) if np.isfinite(scores).all() else math.nan
