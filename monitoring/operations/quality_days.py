"""Days of rows with their labels: counted when all their hours are read, judged once, when they are settled.

A day is judged by the labels that had come `settle_hours` after its end, whenever one looks: what comes later
is counted beside it, and changes nothing that was judged. All hours up to then are read, so that each
of those labels found its row, if there is one. Days are judged in their order. Those of before the first
truth ever came are judged as long after that: truth may be filled in for them.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from monitoring.hours import day_begins, day_ends
from monitoring.operations.truth import Hours, Sources
from monitoring.quality import days as counting
from monitoring.quality.days import Day
from monitoring.quality.joining import REPEATS, FirstRecords
from monitoring.quality.ports import DayCounts

NAMED = 10
"""Inference ids of repeats that are named of a day."""


@dataclass(frozen=True)
class Days:
    """Of all releases of an endpoint."""

    now: Mapping[date, DayCounts]
    """With all labels that there are ..."""
    judged: Mapping[date, DayCounts]
    """... and with those by which each was judged."""


@dataclass(frozen=True)
class Rules:
    """How days are counted."""

    slices: Sequence[str]
    settle: timedelta


def days(sources: Sources, there: Hours, rules: Rules) -> Days:
    """All days that are over, read and settled; those that did not change are as they were kept."""
    book = sources.book
    kept, judged, marks = dict(book.days()), dict(book.judged()), book.marks()
    first = min((one.file.came for one in book.taken().values()), default=None)
    for day, hours in _by_day(there.read, there.final - rules.settle).items():
        settled = first and max(day_ends(day), first) + rules.settle
        new = day > max(judged, default=date.min)
        until = settled if new and settled and settled <= there.final else None
        before = [hour for hour in there.read if day_begins(day) - REPEATS <= hour < day_begins(day)]
        content = _content(rules, there.read, [*sorted(before), *hours], marks)
        if until is None and day in kept and kept[day].content == content:
            continue
        counted = _Counting(sources, rules.slices).of(day, before, hours, until or there.now)
        if counted.whole or day not in kept:
            kept[day] = replace(counted.now, content=content)
            book.count(day, kept[day])
        if until is not None:
            judged[day] = book.judge(day, counted.settled)
    return Days(kept, judged)


def _by_day(hours: Mapping[datetime, str], until: datetime) -> Mapping[date, list[datetime]]:
    found: dict[date, list[datetime]] = {}
    for hour in sorted(hours):
        day = hour.astimezone(UTC).date()
        if day_ends(day) <= until:
            found.setdefault(day, []).append(hour)
    return found


def _content(
    rules: Rules, contents: Mapping[datetime, str], hours: Sequence[datetime], marks: Mapping[datetime, str]
) -> str:
    """Names all that a day is counted from."""
    told = [*rules.slices, *(f"{hour:%d %H} {contents[hour]} {marks.get(hour, '')}" for hour in hours)]
    return hashlib.sha256("; ".join(told).encode()).hexdigest()


@dataclass(frozen=True)
class _Counted:
    now: DayCounts
    settled: DayCounts
    whole: bool
    """Whether no row of it is gone by now."""


class _Counting:
    """Counts a day, hour by hour."""

    def __init__(self, sources: Sources, slices: Sequence[str]) -> None:
        self._sources = sources
        self._slices = slices
        self._first = FirstRecords()

    def of(
        self, day: date, before: Sequence[datetime], hours: Sequence[datetime], until: datetime
    ) -> _Counted:
        """A day's counts, with all labels and with those that had come `until` then.

        `before` are the hours of which its records may be repeats.
        """
        for hour in sorted(before):
            self._first.of(hour, self._sources.rows.read(hour, ()))
        now, settled, repeats, whole = list[Day](), list[Day](), dict[str, None](), True
        for hour in hours:
            answered = self._sources.rows.read(hour, self._slices)
            held, _ = self._sources.book.held(hour)
            first = self._first.of(hour, answered)
            now += counting.count(day, answered, held, first)
            settled += counting.count(day, answered, held.until(until), first)
            names = (name for name, counts in zip(answered.inference, first, strict=True) if not counts)
            repeats |= dict.fromkeys(name for name in names if name is not None)
            whole = whole and answered.whole
        named = tuple(repeats)[:NAMED]
        found = (DayCounts(counting.merged(of), named) for of in (now, settled))
        return _Counted(*found, whole)


def all_of(days: Mapping[date, DayCounts]) -> Iterator[Day]:
    """The counts of all days, in order."""
    return (one for day in sorted(days) for one in days[day].counts)
