"""A number: ranked by its R2, all of it held against a constant, the mean of the labels it was trained on.

The R2 here is that of a forecast: the constant is known before the measured rows are, so a model that says
only what it learned of the mean scores 0, and one that is worse than that scores below.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.contract import Bounds, RegressionBounds
from model.training.kinds.gate import Gate, at_least, at_most
from model.training.kinds.measures import Labels, Measures, Scores, mean

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline


def values(labels: Labels, scores: Scores, constant: float) -> dict[str, float]:
    """Rows, mean of the labels, R2, mean absolute error, its ratio to the constant's, and the mean score less
    the mean of the labels, in standard deviations of the labels."""
    error, alone = float(np.abs(scores - labels).mean()), float(np.abs(constant - labels).mean())
    spread = float(labels.std())
    return {
        "rows": len(labels),
        "mean": float(labels.mean()),
        "r2": r2(labels, scores, constant),
        "mae": error,
        "mae_ratio": error / alone if alone else math.nan,
        "bias": float(scores.mean() - labels.mean()) / spread if spread else math.nan,
    }


def gates(found: Mapping[str, float], bounds: Bounds) -> Sequence[Gate]:
    """R2, mean absolute error and calibration."""
    assert isinstance(bounds, RegressionBounds)
    bias, error = found["bias"], "the mean absolute error, relative to the constant mean's,"
    side = "above" if bias > 0 else "below"
    distance = f"the mean score's distance {side} the labels' mean, in their standard deviations,"
    return (
        at_least("r2", found["r2"], bounds.r2, "the test rows' R2"),
        at_most("mae", found["mae_ratio"], bounds.mae, error),
        at_most("calibration", abs(bias), bounds.calibration, distance),
    )


def r2(labels: Labels, scores: Scores, constant: float) -> float:
    """1 less the squared error of `scores` in parts of the constant's."""
    alone = float(((labels - constant) ** 2).sum())
    return 1 - float(((labels - scores) ** 2).sum()) / alone if alone else math.nan


def gain_error(labels: Labels, scores: Scores, other: Scores, constant: float) -> float:
    """The standard error of the difference of two R2 on the same rows; NaN where there is none.

    That of a mean: the difference is one of the rows' squared errors, in parts of the constant's.
    """
    alone = float(((labels - constant) ** 2).mean())
    if not alone or len(labels) < 2:
        return math.nan
    better = (labels - other) ** 2 - (labels - scores) ** 2
    return float(better.std(ddof=1)) / math.sqrt(len(labels)) / alone


def _predict(pipeline: "Pipeline", frame: "pd.DataFrame") -> Scores:
    return np.asarray(pipeline.predict(frame), dtype=np.float64).reshape(-1)


REGRESSION = Measures("r2", "R2", mean, r2, gain_error, values, gates, _predict)
