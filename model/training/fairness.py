"""How the model treats the groups of the columns that a service declares as protected. Pure.

A measure that rests on fewer rows than the service asks for is None: too small, and not judged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.contract import Protected, Service
from model.declarations import FAIRNESS
from model.training.intervals import Sure, mean, share
from model.training.kinds.measures import Labels, Scores

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(missing)"
"""The group of the rows whose protected column says nothing."""


@dataclass(frozen=True)
class Group:
    """The test rows of one group."""

    name: str
    rows: int
    label: Sure
    """The mean label: of a probability the base rate."""
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
    labels = rows[service.label].to_numpy().astype(float)
    groups = []
    for name in sorted(set(names)):
        where = names == name
        groups.append(_group(service, protected, str(name), labels[where], scores[where]))
    return Fairness(protected, tuple(groups))


def _group(service: Service, protected: Protected, name: str, labels: Labels, scores: Scores) -> Group:
    found = MEASURES[service.kind](labels, scores, protected.threshold or 0.0)
    enough = {key: value if value.rows >= protected.least_rows else None for key, value in found.items()}
    ones = share(int(labels.sum()), len(labels)) if service.kind == "binary" else mean(labels)
    return Group(name, len(labels), ones, enough)


def _rates(labels: Labels, scores: Scores, threshold: float) -> Mapping[str, Sure]:
    selected, ones = scores >= threshold, labels == 1
    found = (
        _share(selected, scores),
        _share(selected[ones], scores[ones]),
        _share(selected[~ones], scores[~ones]),
        mean(scores - labels),
    )
    return dict(zip(FAIRNESS["binary"], found, strict=True))


def _share(selected: Labels, scores: Scores) -> Sure:
    """NaN where a score is no number: such a row is neither selected nor not."""
    found = share(int(selected.sum()), len(selected))
    return found if np.isfinite(scores).all() else mean(scores)


def _errors(labels: Labels, scores: Scores, threshold: float) -> Mapping[str, Sure]:
    found = (mean(scores - labels), mean(np.abs(scores - labels)))
    return dict(zip(FAIRNESS["regression"], found, strict=True))


MEASURES: Mapping[str, Callable[[Labels, Scores, float], Mapping[str, Sure]]] = {
    "binary": _rates,
    "regression": _errors,
}
