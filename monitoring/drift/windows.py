"""Whole days against the reference: windows of 1 to 28 of them, each beside its threshold. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitoring.counts import SCORE
from monitoring.drift import calibration, coordinates
from monitoring.drift.calibration import LEAST_ROWS, WINDOWS, Thresholds
from monitoring.drift.coordinates import Aspect, Coordinates
from monitoring.drift.notice import Notice
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
    """Of the share that moved most beside its threshold."""
    days: int
    rows: int
    usual: float
    """That share in the reference."""
    moved: float
    """By how much it is more or less now."""
    spread: float
    """The standard deviation of that without drift."""
    threshold: float
    """What is no finding yet."""

    @property
    def beyond(self) -> float:
        """In parts of the threshold: from 1 on it is a finding."""
        return abs(self.moved) / self.threshold


def judged(state: State, reference: Reference, settings: DriftSettings) -> list[list[Effect]]:
    """For each window that is full, the effect of each column and aspect, the shortest window first."""
    days = _whole_days(state)
    if not days:
        return []
    made = coordinates.of(reference)
    cells = np.stack(days).astype(np.float64)
    rows = np.add.reduceat(cells, made.starts, axis=1)
    volume = calibration.bucket(float(np.median(rows.max(axis=1))))
    limits = calibration.thresholds(reference, volume, settings.false_alarms_percent, settings.least_effect)
    found = []
    for place, window in enumerate(WINDOWS):
        if window <= len(cells):
            shares, judgeable = _shares(cells[-window:], rows[-window:], made)
            moved = made.matrix @ shares - made.usual
            counted = int(rows[-window:].max(axis=1).sum())
            effects = _effects(moved, judgeable, made, limits, place, counted)
            found.append([each for each in effects if each.column not in settings.ignored])
    return found


def _whole_days(state: State) -> list[NDArray[np.int64]]:
    days = [cells for _, cells in state.days]
    if not days:
        return []
    totals = np.array([int(cells.sum()) for cells in days])
    return [cells for cells, total in zip(days, totals, strict=True) if total >= WHOLE * np.median(totals)]


def _shares(cells: Floats, rows: Floats, made: Coordinates) -> tuple[Floats, NDArray[np.bool_]]:
    """The mean of the days' shares, of large days as of usual ones; which coordinates can be told."""
    there = rows >= LEAST_ROWS
    usual = np.median(rows, axis=0)
    weights = np.minimum(rows, usual)
    widths = np.diff(np.append(made.starts, cells.shape[1]))
    shares = cells / np.repeat(np.maximum(rows, 1), widths, axis=1)
    weighted = (shares * np.repeat(weights, widths, axis=1)).sum(axis=0)
    mean = weighted / np.repeat(np.maximum(weights.sum(axis=0), 1e-9), widths)
    lacking = ~there.all(axis=0)
    return mean, np.logical_not((made.needs & lacking).any(axis=1))


def _effects(
    moved: Floats, judgeable: NDArray[np.bool_], made: Coordinates, limits: Thresholds, place: int, rows: int
) -> Iterator[Effect]:
    limit = np.where(moved > 0, limits.above[place], limits.below[place])
    beyond = np.where(judgeable, np.abs(moved) / limit, -1)
    for (column, aspect), places in made.groups.items():
        most = int(places[np.argmax(beyond[places])])
        if beyond[most] >= 0:
            yield Effect(
                column,
                aspect,
                made.items[most].label,
                WINDOWS[place],
                rows,
                made.items[most].usual,
                float(moved[most]),
                float(limits.spread[place][most]),
                float(limit[most]),
            )


def notices(
    effects: list[list[Effect]], end: datetime, reference: Reference, settings: DriftSettings
) -> Iterator[Notice]:
    """What is beyond its threshold, of each column and aspect in the window that is most beyond."""
    worst: dict[tuple[str, Aspect], Effect] = {}
    for effect in (each for window in effects for each in window):
        key = (effect.column, effect.aspect)
        if effect.beyond > 1 and (key not in worst or effect.beyond > worst[key].beyond):
            worst[key] = effect
    rate = settings.false_alarms_percent if reference.blocks == "days" else None
    for (column, aspect), effect in worst.items():
        yield Notice(
            "drift",
            subject(column, aspect),
            end - timedelta(days=effect.days),
            told(effect),
            {
                "effect": round(effect.moved, 6),
                "threshold": round(effect.threshold, 6),
                "spread": round(effect.spread, 6),
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
    days = "a day" if effect.days == 1 else f"{effect.days} days"
    limit = f"(to {effect.threshold:.1%} are usual)"
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
