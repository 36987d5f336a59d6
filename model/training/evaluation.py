"""How good scores are on rows that no model learned from. Pure functions of rows and scores."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model.contract import Service, Slice
from model.training.fairness import Fairness, fairness
from model.training.kinds.measures import Scores
from model.training.kinds.table import measures_of
from model.training.measured import Gain

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evaluation:
    """Measures of one model on one selection of rows."""

    values: Mapping[str, float]
    """Those of the service's kind, by name."""
    slices: Mapping[str, Mapping[str, float]]
    """By a slice's column the main measure of each of its values that has enough rows."""
    fairness: tuple[Fairness, ...] = ()
    """The groups of each protected column."""


def evaluate(service: Service, rows: "pd.DataFrame", scores: Scores, constant: Any) -> Evaluation:
    """Measures of `scores`, one for each of `rows`; `constant` is the kind's, of the training labels.

    What cannot be measured (a score that is no number, a slice with labels of one kind) is NaN.
    """
    measures, labels = measures_of(service), service.labels(rows)

    def by(each: Slice) -> dict[str, float]:
        """The main measure of each of its values that has enough rows."""
        return {
            str(name): measures.score(labels[places], scores[places], constant)
            for name, places in rows.groupby(each.column).indices.items()
            if len(places) >= each.least_rows
        }

    return Evaluation(
        values=measures.values(labels, scores, constant),
        slices={each.column: by(each) for each in service.slices},
        fairness=fairness(service, rows, scores),
    )


def gain(service: Service, rows: "pd.DataFrame", scores: Scores, other: Scores, constant: Any) -> Gain:
    """The main measure of `scores` less that of `other` on the same rows: their difficulty cancels out."""
    measures, labels = measures_of(service), service.labels(rows)
    value = measures.score(labels, scores, constant) - measures.score(labels, other, constant)
    return Gain(value, measures.error(labels, scores, other, constant))


def metrics(prefix: str, main: str, result: Evaluation) -> dict[str, float]:
    """What was measured, as flat numbers: `test_auc`, `test_auc_origin_JFK`, …"""
    flat = dict(result.values)
    for column, found in result.slices.items():
        flat |= {f"{main}_{column}_{name}": value for name, value in found.items()}
    return {f"{prefix}_{name}": value for name, value in flat.items() if math.isfinite(value)}
