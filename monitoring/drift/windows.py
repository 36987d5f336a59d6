"""Whole days against the reference: windows of 3 to 28 of them, each beside its threshold. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitoring.counts import SCORE
from monitoring.drift import calibration, coordinates
from monitoring.drift.anomaly import Anomaly
from monitoring.drift.calibration import LEAST_ROWS, WINDOWS, Thresholds
from monitoring.drift.coordinates import Aspect, Coordinates
from monitoring.drift.reference import Reference
from monitoring.drift.state import State
from release.domain.drift import DriftSettings

WHOLE = 0.5
"""A day with fewer rows than this part of a usual one says nothing of a day."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """How far one column has come from the reference, over the days of a window."""

    column: str
    aspect: Aspect
    label: str
    """Of the share that is most beyond."""
    days: int
    rows: int
    usual: float
    """That share in the reference."""
    moved: float
    """By how much it is more or less now."""
    spread: float
    """The standard deviation of that without drift, of days that are drawn at random."""
    beyond: float
    """In parts of the threshold: above 1 it is a finding; 0 where it moves fewer rows than counts."""


def judged(
    state: State, reference: Reference, settings: DriftSettings, least: float = 0
) -> list[list[Effect]]:
    """For each window that is full, the effects of the columns, the shortest window first: those that are at
    least so far beyond their threshold, in parts of it."""
    days = _whole_days(state)
    if not days:
        return []
    made = coordinates.of(reference)
    cells = np.stack(days).astype(np.float64)
    rows = np.add.reduceat(cells, made.starts, axis=1)
    volume = calibration.bucket(float(np.median(rows.max(axis=1))))
    limits = calibration.thresholds(reference, volume, settings.false_alarms_percent)
    widths = np.diff(np.append(made.starts, cells.shape[1]))
    moved = (cells / np.repeat(np.maximum(rows, 1), widths, axis=1)) @ made.matrix.T - made.usual
    lacking = (rows < LEAST_ROWS).astype(np.float64) @ made.needs.T > 0
    surprises = limits.ranks.surprise(moved)
    found = []
    for place, window in enumerate(WINDOWS):
        if window <= len(cells):
            mean, beyond = _beyond(moved[-window:], surprises[:, -window:], limits, place, settings)
            beyond = np.where(lacking[-window:].any(axis=0), -1, beyond)
            seen = _Seen(window, int(rows[-window:].max(axis=1).sum()), mean, limits.spread[place], beyond)
            effects = seen.effects(made, least)
            found.append([each for each in effects if each.column not in settings.ignored])
    return found


def _beyond(
    moved: Floats, surprises: Floats, limits: Thresholds, place: int, settings: DriftSettings
) -> tuple[Floats, Floats]:
    """How far each coordinate has moved in the mean of the window's days, and in parts of its threshold."""
    mean = moved.mean(axis=0)
    sides = np.where(mean > 0, 0, 1)
    every = np.arange(len(mean))
    sums = surprises.sum(axis=1)[sides, every] / limits.sums[place][sides, every]
    if limits.unranked is not None:
        enough = WINDOWS[place] >= calibration.LEAST_DAYS
        sums = enough * np.abs(mean) / limits.unranked[sides, every]
    return mean, np.where(np.abs(mean) >= settings.least_effect, sums, 0)


def _whole_days(state: State) -> list[NDArray[np.int64]]:
    days = [cells for _, cells in state.days]
    if not days:
        return []
    totals = np.array([int(cells.sum()) for cells in days])
    return [cells for cells, total in zip(days, totals, strict=True) if total >= WHOLE * np.median(totals)]


@dataclass(frozen=True)
class _Seen:
    """All coordinates in one window."""

    days: int
    rows: int
    moved: Floats
    spread: Floats
    beyond: Floats

    def effects(self, made: Coordinates, least: float) -> Iterator[Effect]:
        """Of each column and aspect, the one that is most beyond; none of those that cannot be told."""
        if self.beyond.max() < least:
            return
        for (column, aspect), places in made.groups.items():
            most = int(places[np.argmax(self.beyond[places])])
            if self.beyond[most] >= least:
                yield Effect(
                    column,
                    aspect,
                    made.items[most].label,
                    self.days,
                    self.rows,
                    made.items[most].usual,
                    float(self.moved[most]),
                    float(self.spread[most]),
                    float(self.beyond[most]),
                )


def anomalies(
    effects: list[list[Effect]], end: datetime, reference: Reference, settings: DriftSettings
) -> Iterator[Anomaly]:
    """What is beyond its threshold, of each column and aspect in the window that is most beyond."""
    worst: dict[tuple[str, Aspect], Effect] = {}
    for effect in (each for window in effects for each in window):
        key = (effect.column, effect.aspect)
        if effect.beyond > 1 and (key not in worst or effect.beyond > worst[key].beyond):
            worst[key] = effect
    rate = settings.false_alarms_percent if reference.blocks == "days" else None
    for (column, aspect), effect in worst.items():
        yield Anomaly(
            "drift",
            subject(column, aspect),
            end - timedelta(days=effect.days),
            told(effect),
            {
                "effect": round(effect.moved, 6),
                "spread": round(effect.spread, 6),
                "threshold": 1.0,
                "beyond": round(effect.beyond, 3),
                "usual": round(effect.usual, 6),
                "share": effect.label,
                "rows": effect.rows,
                "days": effect.days,
                "false_alarms_percent_a_month": rate,
            },
        )


def subject(column: str, aspect: Aspect) -> str:
    """What a finding of it is called."""
    return {"values": column, "missing": f"{column}: missing", "given": f"{column}: given features"}[aspect]


def told(effect: Effect) -> str:
    """In one sentence."""
    days = f"{effect.days} days"
    limit = f"(days differ by {effect.spread * effect.days**0.5:.1%})"
    if effect.aspect == "missing":
        return (
            f"{effect.column} is missing in {effect.usual + effect.moved:.1%} of the rows of {days}, in the "
            f"reference in {effect.usual:.1%} {limit}."
        )
    if effect.aspect == "given":
        return (
            f"{abs(effect.moved):.1%} {'more' if effect.moved > 0 else 'fewer'} scores are {effect.label} in "
            f"{days} than the features let expect {limit}: the model answers otherwise, or the features go "
            "together otherwise."
        )
    quality = " That does not say how good the scores are." if effect.column == SCORE else ""
    way = "more" if effect.moved > 0 else "fewer"
    what = "scores" if effect.column == SCORE else f"values of {effect.column}"
    return (
        f"{abs(effect.moved):.1%} {way} {what} are {effect.label[:60]} in {days} than the reference's "
        f"{effect.usual:.1%} {limit}.{quality}"
    )


def day_end(day: int) -> datetime:
    """When a day (from 1970) is over."""
    return datetime.fromtimestamp((day + 1) * 86400, UTC)
