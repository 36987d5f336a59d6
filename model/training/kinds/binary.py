"""A probability of one thing: ranked by its AUC, held against the log loss of a constant and the base rate.

Accuracy is no measure here: where one answer is rare, always giving the other one scores well.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.contract import BinaryBounds, Bounds
from model.training.kinds.gate import Gate, at_least, at_most
from model.training.kinds.measures import Labels, Measures, Scores, mean

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline


def values(labels: Labels, scores: Scores, constant: float) -> dict[str, float]:
    """Rows, base rate, AUC, log loss, its ratio to the constant's, and mean score less base rate."""
    loss = _log_loss(labels, scores)
    return {
        "rows": len(labels),
        "base_rate": float(labels.mean()),
        "auc": auc(labels, scores),
        "log_loss": loss,
        "log_loss_ratio": loss / _log_loss(labels, np.full(len(labels), constant)),
        "bias": float(scores.mean() - labels.mean()),
    }


def gates(found: Mapping[str, float], bounds: Bounds) -> Sequence[Gate]:
    """AUC, log loss and calibration."""
    assert isinstance(bounds, BinaryBounds)
    bias, loss = found["bias"], "the log loss, relative to the constant prior's,"
    side = "above" if bias > 0 else "below"
    return (
        at_least("auc", found["auc"], bounds.auc, "the test rows' AUC"),
        at_most("log_loss", found["log_loss_ratio"], bounds.log_loss, loss),
        at_most(
            "calibration", abs(bias), bounds.calibration, f"the mean score's distance {side} the base rate"
        ),
    )


def auc(labels: Labels, scores: Scores, constant: float = 0.0) -> float:
    """The AUC, which no constant changes."""
    from sklearn.metrics import roc_auc_score

    if not np.isfinite(scores).all() or labels.min() == labels.max():
        return math.nan
    return float(roc_auc_score(labels, scores))


def gain_error(labels: Labels, scores: Scores, other: Scores, constant: float = 0.0) -> float:
    """The standard error of the difference of two AUCs on the same rows; NaN where there is none.

    By the structural components of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988): the AUC is a mean
    over the positive rows of the share of negative ones below each, and the same the other way round.
    """
    positive = labels.astype(bool)
    if positive.all() or not positive.any() or not (np.isfinite(scores).all() and np.isfinite(other).all()):
        return math.nan
    ours, theirs = components(positive, scores), components(positive, other)
    parts = [one - two for one, two in zip(ours, theirs, strict=True)]
    return math.sqrt(
        sum(float(part.var(ddof=1)) / len(part) if len(part) > 1 else math.nan for part in parts)
    )


def components(positive: "np.ndarray", scores: Scores) -> tuple[Scores, Scores]:
    """Of each positive row the share of negative ones below it, ties for half, and the other way round."""
    up, down = scores[positive], scores[~positive]
    return _below(up, down), 1 - _below(down, up)


def _below(rows: Scores, others: Scores) -> Scores:
    ordered = np.sort(others)
    lower, upper = (np.searchsorted(ordered, rows, side) for side in ("left", "right"))
    return (lower + upper) / (2 * len(ordered))


def _predict(pipeline: "Pipeline", frame: "pd.DataFrame") -> Scores:
    return pipeline.predict_proba(frame)[:, 1]


def _log_loss(labels: Labels, scores: Scores) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(labels, scores, labels=[0, 1])) if np.isfinite(scores).all() else math.nan


BINARY = Measures("auc", "AUC", mean, auc, gain_error, values, gates, _predict)
