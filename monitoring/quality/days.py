"""A day's rows and labels as counts that merge by adding: what quality is decided from. Pure.

However many rows a day had, it costs the same: sums, and two histograms of scores.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.quality.joining import Answered, Held

BINS = 256
"""Of scores from 0 to 1. The AUC of so many differs from that of the scores by less than .0005."""
AGES = (1.0, 6.0, 24.0, 72.0, 168.0)
"""Hours from the answer to the label, as edges."""
LEAST_SCORE = 1e-6
"""For the log loss scores are kept this far from 0 and 1."""
ALL = "all"
"""The slice of all rows; others are `column=value`."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Day:
    """What one release answered on one day (UTC) in one slice."""

    day: date
    release: str
    slice: str
    rows: int
    invalid: int
    """Rows whose score is no probability; their labels say nothing."""
    labelled: int
    corrected: int
    """Rows of which an earlier label said otherwise."""
    repeated: int
    """Rows of records that repeat an earlier one of their inference id; they are in nothing else."""
    all_scores: float
    """The sum of the scores of all rows with a valid one ..."""
    scores: float
    """... and of those with a label; of these are the sums that follow."""
    truths: float
    variance: float
    """The sum of s (1 - s): how much the number of true ones varies by chance alone."""
    loss: float
    """The sum of the log losses."""
    positive: Counts
    """By bins of the score, rows with outcome 1 ..."""
    negative: Counts
    """... and 0."""
    ages: Counts
    """Labels by the hours from answer to label; the last is above the last edge of `AGES`."""

    @property
    def gap(self) -> float:
        """Mean score less base rate."""
        return (self.scores - self.truths) / self.labelled

    def plus(self, other: "Day") -> "Day":
        """Both together; day, release and slice are the first one's."""
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in _SUMS})

    def without(self, other: "Day") -> "Day":
        """What is left of it when a part is taken away."""
        return replace(self, **{name: getattr(self, name) - getattr(other, name) for name in _SUMS})


_SUMS = tuple(field.name for field in fields(Day) if field.name not in ("day", "release", "slice"))


@dataclass(frozen=True)
class Rows:
    """Rows as columns, of which some have a truth."""

    scores: NDArray[np.float64]
    truths: NDArray[np.float64]
    """NaN where nothing is known."""
    ages: NDArray[np.float64]
    """Hours from answer to label; NaN where there is none."""
    corrected: NDArray[np.bool_]

    def of(self, chosen: NDArray[np.bool_]) -> "Rows":
        """Some of them."""
        return Rows(self.scores[chosen], self.truths[chosen], self.ages[chosen], self.corrected[chosen])


def count(day: date, answered: Answered, held: Held, first: NDArray[np.bool_]) -> list[Day]:
    """The counts of some rows of one day, by release and slice; `first` tells them from repeats."""
    rows = _rows(answered, held)
    releases = np.array(answered.release, dtype=object)

    def of_slice(release: str, name: str, chosen: NDArray[np.bool_]) -> Day:
        repeated = int((chosen & ~first).sum())
        return replace(counted(day, release, name, rows.of(chosen & first)), repeated=repeated)

    found = []
    for release in dict.fromkeys(answered.release):
        of = releases == release
        found.append(of_slice(release, ALL, of))
        for column, values in answered.slices.items():
            names = np.array([_named(value) for value in values], dtype=object)
            for name in sorted(set(names[of])):
                found.append(of_slice(release, f"{column}={name}", of & (names == name)))
    return found


def _rows(answered: Answered, held: Held) -> Rows:
    keys = [(name or "", row) for name, row in zip(answered.inference, answered.row, strict=True)]
    labels = [held.now(key) for key in keys]
    hours = [
        math.nan if label is None else (label.observed - at).total_seconds() / 3600
        for label, at in zip(labels, answered.at, strict=True)
    ]
    return Rows(
        answered.score,
        np.array([math.nan if label is None else label.outcome for label in labels], dtype=np.float64),
        np.array(hours, dtype=np.float64),
        np.array([held.corrected(key) for key in keys], dtype=bool),
    )


def counted(day: date, release: str, slice_: str, rows: Rows) -> Day:
    """The counts of some rows. A score that is no probability is invalid."""
    valid = (rows.scores >= 0) & (rows.scores <= 1)
    known = rows.of(valid & np.isfinite(rows.truths))
    s, y = known.scores, known.truths
    inner = np.clip(s, LEAST_SCORE, 1 - LEAST_SCORE)
    bins = np.clip((s * BINS).astype(np.int64), 0, BINS - 1)
    return Day(
        day=day,
        release=release,
        slice=slice_,
        rows=len(valid),
        invalid=int((~valid).sum()),
        labelled=len(s),
        corrected=int(known.corrected.sum()),
        repeated=0,
        all_scores=float(rows.scores[valid].sum()),
        scores=float(s.sum()),
        truths=float(y.sum()),
        variance=float((s * (1 - s)).sum()),
        loss=float(-(y * np.log(inner) + (1 - y) * np.log1p(-inner)).sum()),
        positive=np.bincount(bins[y == 1], minlength=BINS),
        negative=np.bincount(bins[y == 0], minlength=BINS),
        ages=np.bincount(np.searchsorted(AGES, known.ages), minlength=len(AGES) + 1),
    )


def merged(days: Iterable[Day]) -> list[Day]:
    """One of each day, release and slice."""
    found: dict[tuple[date, str, str], Day] = {}
    for one in days:
        key = (one.day, one.release, one.slice)
        found[key] = found[key].plus(one) if key in found else one
    return [found[key] for key in sorted(found)]


def _named(value: Any) -> str:
    return "(missing)" if value is None or value != value or value == "" else str(value)
