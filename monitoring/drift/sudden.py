"""What an hour is enough for: breaks so gross that no hour of the reference comes near them. Pure.

None of it needs a threshold of chance but where that is said: the reference has no such rows at all, or a
stretch without them is longer than twice the longest of its own, and too long to be chance at this volume.
"""

from collections.abc import Iterator
from datetime import datetime
from math import ceil, log

import numpy as np

from monitoring.drift.anomaly import Anomaly
from monitoring.drift.layout import Layout
from monitoring.drift.reference import Reference
from monitoring.drift.state import HOURS, Hour, State, moment

BUSY = 0.25
"""An hour is busy with this part of the rows of the last 24 hours' busiest: quiet ones have other rows."""
LEAST_INVALID, INVALID = 3, 0.001
LEAST_ROWS, NEW = 5, 0.01
"""So many rows of a day, and this share, of what the reference never has."""
GROSS = 0.25
"""So much more of an hour's rows than of any hour of the reference, or of 24 hours' than of any day."""
LEAST_IN_HOUR, LEAST_IN_DAY = 20, 50
LARGEST_HOUR = 0.25
"""Of the rows of 24 hours: with more in one hour they are that hour's, and no day's."""
OUTSIDE = 0.2
SURE = 1e-7
"""Less likely than this is no chance."""
SHORT = 12
"""Busy hours: longer runs are compared by days."""
MONTH_OF_STARTS = 30
ALARMS = 5e-4
"""Of months, by a column that is constant for whole days in the reference too."""


def seen(state: State, hour: Hour, layout: Layout) -> None:
    """Take one more complete hour into what is kept of the last hours."""
    padded = np.append(hour.cells, 0)
    missing, unseen = padded[layout.missing], padded[layout.unseen]
    rows = np.add.reduceat(hour.cells, layout.starts)
    outside = padded[layout.outside[0]] + padded[layout.outside[1]]
    kept = np.stack([rows - missing, missing, unseen, hour.invalid, outside])
    state.recent = [each for each in state.recent if each[0] > hour.index - HOURS]
    state.recent.append((hour.index, hour.rows, kept))
    busiest = max(rows for _, rows, _ in state.recent)
    busy = hour.rows >= BUSY * busiest
    _constant(state, hour, layout, kept, busy)
    if busy:
        _absent(state, hour, layout, kept)


def _constant(state: State, hour: Hour, layout: Layout, kept: np.ndarray, busy: bool) -> None:
    """Go on with, or begin, the run of hours in which a column has one value alone; only busy ones count."""
    assert state.constant is not None
    value, first, hours, rows = state.constant
    known = kept[0]
    only = np.where(hour.low == hour.high, hour.low, np.nan)
    cells = hour.cells[layout.category_cells]
    held = np.bincount(layout.category_column[cells > 0], minlength=len(known))
    for column in np.flatnonzero((held == 1) & ~layout.numbers & (kept[2] == 0)):
        places = np.flatnonzero((layout.category_column == column) & (cells > 0))
        only[column] = float(places[0])
    there = known > 0
    same = there & (only == value)
    begins = there & ~same
    value[begins] = only[begins]
    first[begins] = hour.index
    hours[begins] = rows[begins] = 0
    hours[there] += busy
    rows[there] += known[there]


def _absent(state: State, hour: Hour, layout: Layout, kept: np.ndarray) -> None:
    """Count on for how long each category was not there."""
    assert state.absent is not None
    rows = kept[0][layout.category_column]
    gone = hour.cells[layout.category_cells] == 0
    state.absent[0] = np.where(gone, state.absent[0] + (rows > 0), 0)
    state.absent[1] = np.where(gone, state.absent[1] + rows, 0)


def anomalies(state: State, hour: Hour, reference: Reference, layout: Layout) -> Iterator[Anomaly]:
    """What holds after this hour."""
    day = np.sum([kept for _, _, kept in state.recent], axis=0)
    since = moment(state.recent[0][0])
    yield from _new(day, since, layout)
    yield from _unseen(day, since, reference, layout)
    yield from _nulls(state, day, hour, layout)
    yield from _frozen(state, hour, reference, layout)
    yield from _gone(state, hour, layout)


def _new(day: np.ndarray, since: datetime, layout: Layout) -> Iterator[Anomaly]:
    """Rows of a kind that the reference does not have, in the last 24 hours."""
    known, missing, _, invalid, outside = day
    rows = known + missing + invalid
    share = day / np.maximum(rows, 1)
    for column in np.flatnonzero((invalid >= LEAST_INVALID) & (share[3] > INVALID)):
        name = layout.binnings[column].name
        yield Anomaly(
            "schema",
            name,
            since,
            f"In {share[3][column]:.2%} of {rows[column]:,} rows in 24 hours {name} is of another type than "
            "the release promises to take.",
            {"effect": float(share[3][column]), "rows": int(rows[column]), "threshold": INVALID},
        )
    for column in np.flatnonzero((outside >= LEAST_ROWS) & (outside > OUTSIDE * known)):
        name, part = layout.binnings[column].name, float(outside[column] / known[column])
        low, high = layout.binnings[column].edges[0], layout.binnings[column].edges[-1]
        yield Anomaly(
            "drift",
            f"{name}: range",
            since,
            f"{part:.0%} of {known[column]:,} values of {name} in 24 hours are outside {low:.4g} to "
            f"{high:.4g}, far beyond the reference: another unit, perhaps.",
            {"effect": part, "rows": int(known[column]), "threshold": OUTSIDE, "low": low, "high": high},
        )
    for column in np.flatnonzero(layout.never & (missing >= LEAST_ROWS) & (missing > NEW * rows)):
        counted = float(share[1][column]), int(rows[column])
        yield _missing(layout, column, *counted, since, NEW, "24 hours")


def _unseen(day: np.ndarray, since: datetime, reference: Reference, layout: Layout) -> Iterator[Anomaly]:
    rows = day[0] + day[1]
    for column in np.flatnonzero((day[2] >= LEAST_ROWS) & (day[2] > NEW * rows)):
        binning, facts = layout.binnings[column], layout.facts[column]
        usual = float(reference.shares[binning.name][:, -1].max())
        threshold = max(NEW, 2 * (facts.novel_day or 0), 2 * usual)
        share = float(day[2][column] / rows[column])
        if share > threshold:
            yield Anomaly(
                "drift",
                f"{binning.name}: unseen",
                since,
                f"In {share:.1%} of {rows[column]:,} rows in 24 hours {binning.name} is one that the "
                "reference does not have; its own days had at most "
                f"{max(usual, facts.novel_day or 0):.1%} new ones.",
                {"effect": share, "rows": int(rows[column]), "threshold": threshold},
            )


def _nulls(state: State, day: np.ndarray, hour: Hour, layout: Layout) -> Iterator[Anomaly]:
    """A share of missing values that no hour of the reference, or else no day of it, comes near.

    One odd hour of the reference may allow an hour nearly everything; a day of such hours it never had.
    """
    kept = state.recent[-1][2]
    in_hour, in_day = kept[0] + kept[1], day[0] + day[1]
    as_day = ~layout.never & _is_a_day(state, hour)
    for column in np.flatnonzero((kept[1] > GROSS * in_hour) | as_day & (day[1] > GROSS * in_day)):
        most, at = layout.facts[column].missing_hour or 0.0, moment(hour.index)
        rows, missing = int(in_hour[column]), int(kept[1][column])
        if rows >= LEAST_IN_HOUR and most > 0 and missing > (threshold := _gross(most, rows)) * rows:
            yield _missing(layout, column, missing / rows, rows, at, threshold, "an hour")
            continue
        most, rows, missing = float(layout.missing_day[column]), int(in_day[column]), int(day[1][column])
        if as_day[column] and rows >= LEAST_IN_DAY and missing > (threshold := _gross(most, rows)) * rows:
            since = moment(state.recent[0][0])
            yield _missing(layout, column, missing / rows, rows, since, threshold, "24 hours", most)


def _gross(most: float, rows: int) -> float:
    """The share of so many rows that is far beyond the most of the reference, and no chance."""
    return most + max(GROSS, 5 * (most * (1 - most) / rows) ** 0.5)


def _is_a_day(state: State, hour: Hour) -> bool:
    """Whether the last 24 hours may be compared with days: all were counted, and many of them had rows."""
    rows = [counted for _, counted, _ in state.recent]
    assert state.first is not None
    return hour.index - state.first + 1 >= HOURS and max(rows) <= LARGEST_HOUR * sum(rows)


def _missing(
    layout: Layout,
    column: int,
    share: float,
    rows: int,
    since: datetime,
    threshold: float,
    span: str,
    in_day: float | None = None,
) -> Anomaly:
    name, of = layout.binnings[column].name, "hour" if in_day is None else "day"
    most = (layout.facts[column].missing_hour or 0.0) if in_day is None else in_day
    return Anomaly(
        "drift",
        f"{name}: missing",
        since,
        f"{name} is missing in {share:.1%} of {rows:,} rows of {span}; in no {of} of the reference in more "
        f"than {most:.1%}.",
        {"effect": share, "rows": rows, "threshold": threshold, "usual": most},
    )


def _frozen(state: State, hour: Hour, reference: Reference, layout: Layout) -> Iterator[Anomaly]:
    """A column with one value alone for longer than the reference ever had it."""
    assert state.constant is not None
    value, first, hours, rows = state.constant
    for column in np.flatnonzero(~np.isnan(value) & (hours >= 2) & (layout.alike < 1)):
        longest, usual = layout.facts[column].constant_hours, float(layout.alike[column])
        if longest is not None and longest <= SHORT:
            least = 2 * longest + 2
            if hours[column] < least or rows[column] * log(usual) > log(SURE):
                continue
        elif not _too_many_days(column, state, hour, reference, layout):
            continue
        name = layout.binnings[column].name
        at = layout.name(int(value[column])).partition("=")[2] if not layout.numbers[column] else ""
        only = at or f"{value[column]:.6g}"
        yield Anomaly(
            "drift",
            f"{name}: frozen",
            moment(int(first[column])),
            f"{name} is {only[:60]} in all {int(rows[column]):,} rows of {int(hours[column])} busy hours; "
            f"the longest such run of the reference has {'unknown' if longest is None else longest} hours.",
            {"effect": 1.0, "rows": int(rows[column]), "hours": int(hours[column]), "usual": longest},
        )


def _too_many_days(column: int, state: State, hour: Hour, reference: Reference, layout: Layout) -> bool:
    """Whether so many days of one value alone are no chance, where the reference has such days too."""
    assert state.constant is not None
    days = (hour.index + 1 - state.constant[1][column]) / 24
    if days < 2 or reference.length < 2 * SHORT:
        return False
    a_day = state.constant[3][column] / days
    chance = float((layout.most[column] ** a_day).mean())
    if chance >= 1:
        return False
    needed = ceil(log(ALARMS / (MONTH_OF_STARTS * len(layout.binnings))) / log(max(chance, 1e-12)))
    return days >= max(2, needed)


def _gone(state: State, hour: Hour, layout: Layout) -> Iterator[Anomaly]:
    """A category that is no longer there."""
    assert state.absent is not None
    known = (layout.gaps >= 0) & (layout.gaps <= SHORT)
    for category in np.flatnonzero(known & (state.absent[0] >= 2 * layout.gaps + 2)):
        usual = float(layout.usual[layout.category_cells[category]])
        rows = int(state.absent[1][category])
        # a quarter of its share: some hours have much less of it than others
        if rows * log(1 - usual / 4) > log(SURE):
            continue
        yield Anomaly(
            "drift",
            layout.name(int(category)),
            moment(hour.index),
            f"No row has {layout.name(int(category))} for {int(state.absent[0][category])} busy hours and "
            f"{rows:,} rows; {usual:.1%} of the reference have it, its longest gap is "
            f"{layout.gaps[category]} hours.",
            {"effect": usual, "rows": rows, "hours": int(state.absent[0][category]), "usual": usual},
        )
