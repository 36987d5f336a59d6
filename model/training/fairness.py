"""How the model treats the groups of the columns that a service declares as protected. Pure.

A measure that rests on fewer rows than the service asks for is None: too small, and not judged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.contract import Protected, Service
from model.declarations import ERRORS, RATES
from model.training.intervals import Sure, mean, share
from model.training.kinds.measures import Labels, Scores

if TYPE_CHECKING:
    import pandas as pd

Measured = tuple[Mapping[str, Sure], Sure]
"""A group's measures by name, and its mean label."""
MISSING = "(missing)"
"""The group of the rows whose protected column says nothing."""


@dataclass(frozen=True)
class Group:
    """The test rows of one group."""

    name: str
    rows: int
    label: Sure
    """The mean label: of a probability the base rate, of a class its share."""
    measures: Mapping[str, Sure | None]
    """By the name of its bound in `Protected`; None where too few rows speak of it."""


@dataclass(frozen=True)
class Fairness:
    """The groups of one protected column."""

    protected: Protected
    groups: tuple[Group, ...]

    def judged(self, measure: str) -> Mapping[str, Sure]:
        """The groups that are large enough for this measure, by name."""
        found = {group.name: group.measures[measure] for group in self.groups}
        return {name: value for name, value in found.items() if value is not None}

    def too_small(self, measure: str) -> Sequence[str]:
        """The names of the others."""
        return [group.name for group in self.groups if group.measures[measure] is None]


def fairness(service: Service, rows: "pd.DataFrame", scores: Scores) -> tuple[Fairness, ...]:
    """A table of groups for each column that the service declares; none where it declares none."""
    return tuple(_of(service, each, rows, scores) for each in service.protected)


def _of(service: Service, protected: Protected, rows: "pd.DataFrame", scores: Scores) -> Fairness:
    column = rows[protected.column]
    names = column.astype(str).where(column.notna(), MISSING).to_numpy(dtype=object)
    labels = service.labels(rows)
    groups = []
    for name in sorted(set(names)):
        where = names == name
        groups.append(_group(service, protected, str(name), labels[where], scores[where]))
    return Fairness(protected, tuple(groups))


def _group(service: Service, protected: Protected, name: str, labels: Labels, scores: Scores) -> Group:
    found, label = MEASURES[service.kind](labels, scores, _place(service, protected))
    enough = {key: value if value.rows >= protected.least_rows else None for key, value in found.items()}
    return Group(name, len(labels), label, enough)


def _place(service: Service, protected: Protected) -> float:
    """From where on a row is selected: a score, or the number of a class."""
    if protected.selected is not None:
        return service.output.classes.index(protected.selected)
    return protected.threshold or 0.0


def _two(labels: Labels, scores: Scores, threshold: float) -> Measured:
    return _rates(labels == 1, scores, scores >= threshold)


def _one_of_several(labels: Labels, scores: Scores, place: float) -> Measured:
    """The class against all others, and besides how often the most probable one is right."""
    chosen = scores.argmax(axis=1)
    finite = np.isfinite(scores).all(axis=1)
    probabilities = np.where(finite, scores[:, int(place)], np.nan)
    found, label = _rates(labels == place, probabilities, chosen == place)
    return {**found, "accuracy": _share(chosen == labels, probabilities)}, label


def _rates(ones: Labels, scores: Scores, selected: Labels) -> Measured:
    found = (
        _share(selected, scores),
        _share(selected[ones], scores[ones]),
        _share(selected[~ones], scores[~ones]),
        mean(scores - ones),
    )
    return dict(zip(RATES, found, strict=True)), share(int(ones.sum()), len(ones))


def _share(selected: Labels, scores: Scores) -> Sure:
    """NaN where a score is no number: such a row is neither selected nor not."""
    found = share(int(selected.sum()), len(selected))
    return found if np.isfinite(scores).all() else mean(scores)


def _errors(labels: Labels, scores: Scores, _: float) -> Measured:
    found = (mean(scores - labels), mean(np.abs(scores - labels)))
    return dict(zip(ERRORS, found, strict=True)), mean(labels.astype(float))


MEASURES: Mapping[str, Callable[[Labels, Scores, float], Measured]] = {
    "binary": _two,
    "regression": _errors,
    "multiclass": _one_of_several,
}
