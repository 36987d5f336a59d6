"""What scores on the test rows look like, drawn: whether they mean what they say, and what a threshold costs.

The numbers behind a drawing are functions of their own. The same scores give the same bytes.
"""

import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.contract import Service
from model.training.kinds.measures import Labels, Scores

BINS = 10
THRESHOLDS = np.linspace(0, 1, 101)
_BLUE, _GREY, _RED, _GREEN = "#1b6ca8", "#888888", "#a4243b", "#6a994e"


class Calibration(NamedTuple):
    """Rows in bins of equally many, by their score."""

    score: NDArray[np.float64]
    """Mean score of each bin."""
    label: NDArray[np.float64]
    """Mean label of each bin."""
    error: NDArray[np.float64]
    """Standard error of that mean."""


class Threshold(NamedTuple):
    """What each of `THRESHOLDS` leads to, where rows with a score at or above it are said to be 1."""

    precision: NDArray[np.float64]
    """Share of the rows said to be 1 that are; NaN where none is said to be."""
    recall: NDArray[np.float64]
    """Share of the rows that are 1 that are said to be."""
    said: NDArray[np.float64]
    """Share of all rows that are said to be 1."""


def one_by_one(service: Service, labels: Labels, scores: Scores) -> tuple[Labels, Scores]:
    """Labels and scores as they are; of several classes each class of each row, whether it is the row's."""
    if service.kind != "multiclass":
        return labels, scores
    return np.eye(scores.shape[1])[labels].ravel(), scores.ravel()


def bins(scores: Scores) -> list[NDArray[np.intp]]:
    """The rows in up to `BINS` parts of equally many, lowest scores first."""
    return [part for part in np.array_split(np.argsort(scores, kind="stable"), BINS) if len(part)]


def calibration(labels: Labels, scores: Scores) -> Calibration:
    """Mean score beside mean label in up to `BINS` bins of equally many rows, lowest scores first."""
    parts = bins(scores)
    values = [labels[part].astype(float) for part in parts]
    return Calibration(
        np.array([scores[part].mean() for part in parts]),
        np.array([value.mean() for value in values]),
        np.array([value.std() / np.sqrt(len(value)) for value in values]),
    )


def thresholds(labels: Labels, scores: Scores) -> Threshold:
    """Precision, recall and the share said to be 1, at each of `THRESHOLDS`."""
    rows, ones = np.sort(scores), np.sort(scores[labels == 1])
    said = len(rows) - np.searchsorted(rows, THRESHOLDS, "left")
    right = len(ones) - np.searchsorted(ones, THRESHOLDS, "left")
    with np.errstate(invalid="ignore", divide="ignore"):
        return Threshold(right / said, right / len(ones), said / len(rows))


def drawings(service: Service, labels: Labels, scores: Scores) -> dict[str, bytes]:
    """PNG files by name: calibration, and for a probability what thresholds lead to.

    None where a score is no number: there is nothing to draw, and a gate has refused the model.
    """
    if not np.isfinite(scores).all():
        return {}
    labels, scores = one_by_one(service, labels, scores)
    found = {"calibration.png": _calibration(service, calibration(labels, scores))}
    if service.kind == "binary":
        found["thresholds.png"] = _thresholds(service, thresholds(labels, scores))
    return found


def _calibration(service: Service, found: Calibration) -> bytes:
    figure, axes = _figure(f"{service.name}: does a score mean what it says?")
    ends = [min(found.score.min(), found.label.min()), max(found.score.max(), found.label.max())]
    axes.plot(ends, ends, color=_GREY, linestyle=":", label="a score that means what it says")
    axes.errorbar(
        found.score, found.label, yerr=2 * found.error, color=_BLUE, marker="o", capsize=3, label="test rows"
    )
    axes.set_xlabel(f"mean score of {service.output.name}, tenths of the rows")
    axes.set_ylabel(f"mean of {service.label}, with two standard errors")
    return _png(figure, axes)


def _thresholds(service: Service, found: Threshold) -> bytes:
    figure, axes = _figure(f"{service.name}: what a threshold leads to")
    axes.plot(
        THRESHOLDS, found.precision, color=_BLUE, label="precision: of those said to be, the share that is"
    )
    axes.plot(THRESHOLDS, found.recall, color=_GREEN, label="recall: of those that are, the share said to be")
    axes.plot(THRESHOLDS, found.said, color=_RED, linestyle="--", label="share of all rows said to be")
    axes.set_xlabel(f"threshold on the score of {service.output.name}")
    axes.set_ylabel("share of the test rows")
    axes.set_xlim(0, 1)
    return _png(figure, axes)


def _figure(title: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), dpi=110, layout="tight")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _png(figure: Any, axes: Any) -> bytes:
    axes.legend(frameon=False, fontsize=8)
    out = io.BytesIO()
    # Without the name and version of the library, which are no part of what is drawn.
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
