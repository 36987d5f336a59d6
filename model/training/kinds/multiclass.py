"""A probability of each of several classes, held against a constant: the shares of the training rows.

Ranked by the mean over the classes of the AUC of each against all others, which is the same whatever is
common: accuracy alone would be good at saying the commonest class, and so it counts by what it gains on that.
Labels are the classes' numbers, scores have a column for each class.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.contract import Bounds, MulticlassBounds
from model.training.kinds import binary
from model.training.kinds.gate import Gate, at_least, at_most
from model.training.kinds.measures import Labels, Measures, Scores

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

_RECALL = "recall_"


def measures(classes: Sequence[str]) -> Measures:
    """The measures of a service of these classes."""
    return Measures(
        main="auc",
        word="AUC",
        constant=partial(shares, len(classes)),
        score=auc,
        error=gain_error,
        values=partial(values, classes),
        gates=gates,
        predict=partial(_predict, len(classes)),
    )


def shares(classes: int, labels: Labels) -> Scores:
    """Of each class its share of the labels."""
    return np.bincount(labels, minlength=classes) / len(labels)


def values(classes: Sequence[str], labels: Labels, scores: Scores, constant: Scores) -> dict[str, float]:
    """Rows, AUC, log loss and its ratio to the constant's, accuracy and what it gains on the constant's, how
    far a class's mean score is from its share at most, and the recall of each class."""
    loss, right = _log_loss(labels, scores), _right(labels, scores)
    alone = float((labels == constant.argmax()).mean())
    bias = scores.mean(axis=0) - shares(len(classes), labels)
    return {
        "rows": len(labels),
        "auc": auc(labels, scores, constant),
        "log_loss": loss,
        "log_loss_ratio": loss / _log_loss(labels, np.tile(constant, (len(labels), 1))),
        "accuracy": float(right.mean()),
        "accuracy_gain": float(right.mean()) - alone,
        "bias": float(np.abs(bias).max()),
        **{f"{_RECALL}{name}": _mean(right[labels == place]) for place, name in enumerate(classes)},
    }


def gates(found: Mapping[str, float], bounds: Bounds) -> Sequence[Gate]:
    """AUC, log loss, accuracy, the weakest class's recall, and calibration."""
    assert isinstance(bounds, MulticlassBounds)
    recalls = {key.removeprefix(_RECALL): value for key, value in found.items() if key.startswith(_RECALL)}
    weakest = min(recalls, key=lambda name: -math.inf if math.isnan(recalls[name]) else recalls[name])
    loss, accuracy = (
        "the log loss, relative to the constant shares',",
        "the accuracy gained over the commonest class",
    )
    distance = "the largest distance of a class's mean score from its share"
    return (
        at_least("auc", found["auc"], bounds.auc, "the mean AUC of a class against the others"),
        at_most("log_loss", found["log_loss_ratio"], bounds.log_loss, loss),
        at_least("accuracy", found["accuracy_gain"], bounds.accuracy, accuracy, "+.3f"),
        at_least("recall", recalls[weakest], bounds.recall, f"the weakest class's recall ({weakest})"),
        at_most("calibration", found["bias"], bounds.calibration, distance),
    )


def auc(labels: Labels, scores: Scores, constant: Any = None) -> float:
    """The mean AUC of the classes that some rows are of and others are not; no constant changes it."""
    found = [binary.auc(labels == place, scores[:, place]) for place in _measurable(labels)]
    return float(np.mean(found)) if found else math.nan


def gain_error(labels: Labels, scores: Scores, other: Scores, constant: Any = None) -> float:
    """The standard error of the difference of two such means on the same rows; NaN where there is none.

    As for two classes (`binary.gain_error`); a row is part of every class's AUC, so its parts are added up
    before they are squared.
    """
    places = _measurable(labels)
    if not places or not (np.isfinite(scores).all() and np.isfinite(other).all()):
        return math.nan
    if min(min((labels == place).sum(), (labels != place).sum()) for place in places) < 2:
        return math.nan
    influence = np.zeros(len(labels))
    for place in places:
        mine, theirs = (binary.components(labels == place, each[:, place]) for each in (scores, other))
        for rows, one, two in zip((labels == place, labels != place), mine, theirs, strict=True):
            part = one - two
            influence[rows] += (part - part.mean()) / math.sqrt(len(part) * (len(part) - 1)) / len(places)
    return math.sqrt(float((influence**2).sum()))


def _measurable(labels: Labels) -> list[int]:
    """The classes that some rows are of, and others are not."""
    found = np.unique(labels)
    return [int(place) for place in found] if len(found) > 1 else []


def _right(labels: Labels, scores: Scores) -> NDArray[np.float64]:
    """1 for each row whose most probable class is its own, NaN where a score is no number."""
    right = (scores.argmax(axis=1) == labels).astype(float)
    return np.where(np.isfinite(scores).all(axis=1), right, math.nan)


def _log_loss(labels: Labels, scores: Scores) -> float:
    own = scores[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(own, np.finfo(np.float64).eps, 1)).mean())


def _mean(rows: NDArray[np.float64]) -> float:
    return float(rows.mean()) if len(rows) else math.nan


def _predict(classes: int, pipeline: "Pipeline", frame: "pd.DataFrame") -> Scores:
    """A column for each class, also for those that it has not learned."""
    found = pipeline.predict_proba(frame)
    scores = np.zeros((len(found), classes))
    scores[:, pipeline.classes_] = found
    return scores
