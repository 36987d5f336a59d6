"""Labels to the rows that they speak of, and which of several labels of one row holds. Pure.

An inference id names one request: the first record of it counts, and records that follow within `REPEATS` of
another one are repeats. The newest label holds, by the moment at which it was observed and not by when it
arrived: a correction that comes in before what it corrects still holds. All labels of a row are kept.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.quality.labels import Label, Rejected, Trouble

Key = tuple[str, int]
"""Names a row: inference id, and place in its request."""
Place = tuple[str, int]
"""Names a label: its file, and line there."""
REPEATS = timedelta(hours=24)
"""Records of one inference id that are no further apart, by their hours, are of one request: it was sent or
captured again. After a longer time the id is taken to be used anew."""


@dataclass(frozen=True)
class Answered:
    """The rows that an endpoint answered in one hour, as columns."""

    inference: Sequence[str | None]
    row: Sequence[int]
    at: Sequence[datetime]
    score: NDArray[np.float64]
    """NaN where it was not finite."""
    release: Sequence[str]
    slices: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By the names of the columns that quality is told apart by."""
    whole: bool = True
    """Whether nothing of it is gone: captured rows are not kept for ever."""

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Held:
    """The labels of one hour's rows: by row all of them, the one that holds last."""

    of: Mapping[Key, tuple[Label, ...]] = field(default_factory=dict)

    def now(self, key: Key) -> Label | None:
        """The label of a row that holds."""
        found = self.of.get(key)
        return found[-1] if found else None

    def corrected(self, key: Key) -> bool:
        """Whether an earlier label of a row said otherwise than the one that holds."""
        found = self.of.get(key, ())
        return any(one.outcome != found[-1].outcome for one in found)

    def until(self, moment: datetime) -> "Held":
        """The labels that had come by then."""
        kept = {key: tuple(one for one in found if one.came <= moment) for key, found in self.of.items()}
        return Held({key: found for key, found in kept.items() if found})


class Search:
    """Finds the hour of each label's row: of the first record of the newest request of its id before it.

    Hours are looked at one after the other, from the newest back.
    """

    def __init__(self, labels: Iterable[Label]) -> None:
        self._labels = {label.place: label for label in labels}
        self._wanted: defaultdict[Key, set[Place]] = defaultdict(set)
        for place, label in self._labels.items():
            self._wanted[label.key].add(place)
        self._hour: dict[Place, datetime] = {}
        self._open: set[Place] = set()
        """Those that are found, and may have an earlier record."""
        self.early: set[Place] = set()
        """Those that are not found, and whose id has a record of after them."""

    def over(self, hour: datetime) -> bool:
        """Whether this hour and those before it can change nothing."""
        for place in [one for one in self._open if hour < self._hour[one] - REPEATS]:
            self._open.remove(place)
            key = self._labels[place].key
            self._wanted[key].remove(place)
            if not self._wanted[key]:
                del self._wanted[key]
        return not self._wanted

    def look(self, hour: datetime, answered: Answered) -> None:
        """Look at an hour's rows."""
        for key, moment in _first(answered, self._wanted).items():
            for place in self._wanted[key]:
                if moment <= self._labels[place].observed:
                    self._hour[place] = hour
                    self._open.add(place)
                    self.early.discard(place)
                elif place not in self._hour:
                    self.early.add(place)

    def found(self) -> dict[datetime, list[Label]]:
        """The labels by the hour of their row."""
        by_hour: dict[datetime, list[Label]] = {}
        for place, hour in self._hour.items():
            by_hour.setdefault(hour, []).append(self._labels[place])
        return by_hour

    def rest(self) -> list[Label]:
        """The labels of no row of these hours."""
        return [label for place, label in self._labels.items() if place not in self._hour]


def _first(answered: Answered, wanted: Container[Key]) -> dict[Key, datetime]:
    """When rows that are wanted were first answered in this hour."""
    found: dict[Key, datetime] = {}
    for name, row, moment in zip(answered.inference, answered.row, answered.at, strict=True):
        if name is not None and (key := (name, row)) in wanted:
            found[key] = min(moment, found.get(key, moment))
    return found


class FirstRecords:
    """Tells rows of the first record of their id from repeats. Hours come in order."""

    def __init__(self) -> None:
        self._ids: dict[datetime, NDArray[np.int64]] = {}

    def of(self, hour: datetime, answered: Answered) -> NDArray[np.bool_]:
        """Of each row of an hour whether it counts. A row without an id is no repeat of another one."""
        names = np.array([hash(name) for name in answered.inference], dtype=np.int64)
        named = np.array([name is not None for name in answered.inference], dtype=bool)
        before = [ids for one, ids in self._ids.items() if hour - REPEATS <= one < hour]
        self._ids = {one: ids for one, ids in self._ids.items() if hour - REPEATS <= one}
        self._ids[hour] = np.unique(names[named])
        repeated = np.isin(names, np.concatenate(before)) if before else np.zeros(len(names), bool)
        return ~named | (~repeated & _first_of_hour(answered))


def _first_of_hour(answered: Answered) -> NDArray[np.bool_]:
    """Of each row whether it is of the first record of its id in this hour that its release answered.

    A request that is mirrored to another release has a record of each.
    """
    whose = list(zip(answered.release, answered.inference, strict=True))
    first: dict[tuple[str, str | None], datetime] = {}
    for who, moment in zip(whose, answered.at, strict=True):
        first[who] = min(moment, first.get(who, moment))
    seen: set[tuple[str, str | None, int]] = set()
    found = np.zeros(len(whose), bool)
    for place, (who, row, moment) in enumerate(zip(whose, answered.row, answered.at, strict=True)):
        if moment == first[who] and (*who, row) not in seen:
            found[place] = True
            seen.add((*who, row))
    return found


def hold(held: Held, labels: Iterable[Label]) -> tuple[Held, list[Rejected]]:
    """The labels of an hour's rows with more, and which are none; who came first is asked first."""
    of, rejected = dict(held.of), list[Rejected]()
    for label in sorted(labels, key=lambda one: (one.came, *one.place)):
        of_row, trouble = added(of.get(label.key, ()), label)
        if trouble is not None:
            rejected.append(refused(label, trouble))
        else:
            of[label.key] = of_row
    return Held(of), rejected


def added(labels: tuple[Label, ...], label: Label) -> tuple[tuple[Label, ...], Trouble | None]:
    """The labels of a row with one more, the one that holds last, or why it is not one more."""
    same = [each for each in labels if each.observed == label.observed]
    if any(each.place == label.place for each in labels):
        return labels, None  # the same line, read again after a crash or by another look
    if any(each.outcome == label.outcome for each in same):
        return labels, Trouble.DUPLICATE
    if same and not (label.corrects or any(each.corrects for each in same)):
        return labels, Trouble.CONFLICT
    return tuple(sorted([*labels, label], key=lambda each: (each.observed, each.corrects))), None


def refused(label: Label, trouble: Trouble) -> Rejected:
    """A label as a line that is none."""
    name = label.inference if not label.row else f"{label.inference}#{label.row}"
    return Rejected(label.source, label.line, trouble, f"{name} {label.outcome} {label.observed.isoformat()}")
