"""Labels to the rows that they speak of, and which of several labels of one row holds. Pure.

The newest label holds, by the moment at which it was observed and not by when it arrived: a correction that
comes in before what it corrects still holds. All labels of a row are kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.quality.labels import Label, Rejected, Trouble

Key = tuple[str, int]


@dataclass(frozen=True)
class Answered:
    """The rows that one release answered in one hour, as columns."""

    inference: Sequence[str | None]
    row: Sequence[int]
    at: Sequence[datetime]
    score: NDArray[np.float64]
    """NaN where it was not finite."""
    release: Sequence[str]
    slices: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By the names of the columns that quality is told apart by."""

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Held:
    """The labels of one hour's rows: by row all of them, the one that holds last."""

    of: Mapping[Key, tuple[Label, ...]]

    def now(self, key: Key) -> Label | None:
        """The label of a row that holds."""
        found = self.of.get(key)
        return found[-1] if found else None

    def corrected(self, key: Key) -> bool:
        """Whether an earlier label of a row said otherwise than the one that holds."""
        found = self.of.get(key, ())
        return any(one.outcome != found[-1].outcome for one in found)


@dataclass(frozen=True)
class Joined:
    """What became of some labels when they were held against an hour's rows."""

    held: Held
    changed: bool
    rejected: tuple[Rejected, ...]
    rest: tuple[Label, ...]
    """Labels of no row of this hour."""


def join(answered: Answered, held: Held, labels: Iterable[Label]) -> Joined:
    """Hold `labels` against an hour's rows and the labels that these have already."""
    at = {
        (name, row): moment
        for name, row, moment in zip(answered.inference, answered.row, answered.at, strict=True)
        if name is not None
    }
    of, rejected, rest, changed = dict(held.of), [], [], False
    for label in labels:
        moment = at.get(label.key)
        if moment is None:
            rest.append(label)
        elif label.observed < moment:
            rejected.append(refused(label, Trouble.EARLY))
        else:
            after, trouble = added(of.get(label.key, ()), label)
            if trouble is not None:
                rejected.append(refused(label, trouble))
            elif after != of.get(label.key, ()):
                of[label.key], changed = after, True
    return Joined(Held(of), changed, tuple(rejected), tuple(rest))


def added(labels: tuple[Label, ...], label: Label) -> tuple[tuple[Label, ...], Trouble | None]:
    """The labels of a row with one more, the one that holds last, or why it is not one more."""
    same = [each for each in labels if each.observed == label.observed]
    if any((each.source, each.line) == (label.source, label.line) for each in labels):
        return labels, None  # the same line, read again after a crash
    if any(each.outcome == label.outcome for each in same):
        return labels, Trouble.DUPLICATE
    if same and not (label.corrects or any(each.corrects for each in same)):
        return labels, Trouble.CONFLICT
    return tuple(sorted([*labels, label], key=lambda each: (each.observed, each.corrects))), None


def refused(label: Label, trouble: Trouble) -> Rejected:
    """A label as a line that is none."""
    name = label.inference if not label.row else f"{label.inference}#{label.row}"
    return Rejected(label.source, label.line, trouble, f"{name} {label.outcome} {label.observed.isoformat()}")


def without(held: Held, source: str) -> Held:
    """The labels without those of one file: it is to be read again."""
    kept = {key: tuple(one for one in found if one.source != source) for key, found in held.of.items()}
    return replace(held, of={key: found for key, found in kept.items() if found})
