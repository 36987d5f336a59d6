"""Thresholds for one reference at one volume, from the reference's own days. Pure.

Months without drift are drawn: days of the reference at random, each with as many rows as are observed.
How far windows of such months come from the reference, over all that is compared, all window lengths and all
looks of a month at once, gives thresholds that so many months in a hundred reach at all; what depends on what
does so in the drawn months too. Windows of the reference's own consecutive days show how far a season goes:
no threshold is below that with some allowance.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import log2

import numpy as np
from numpy.typing import NDArray

from monitoring.drift import coordinates
from monitoring.drift.reference import Reference

WINDOWS = (1, 3, 7, 14, 28)
"""Days. A sudden change shows in short ones, a small one in long ones."""
MONTH = 30
"""Looks of a month: the windows change when a day is complete."""
MONTHS = 2000
"""That are drawn."""
SPENT = 0.4
"""Of the false-alarm rate, by the windows; what is left covers that the rate is an estimate."""
SEASON = 1.25
"""The allowance beyond what the reference's own seasons show."""
LEAST_ROWS = 10
"""A day: with fewer nothing is decided."""
UNKNOWN_DAYS = 0.1
"""The least effect where the reference's blocks are no days, so that how days differ is not known."""
_DRAWS = 4
_EXACT = 100_000
"""Rows a day from which on a day's shares are taken as they are."""
_CHUNK = 64

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thresholds:
    """By window and coordinate: how far above and below its usual value each may come."""

    above: Floats
    below: Floats
    spread: Floats
    """The standard deviation in months without drift."""
    rate: float | None
    """Of months with any false alarm, at most; None where days are not known."""


def bucket(rows: float) -> int:
    """The volume that stands for `rows` a day: at most a third less."""
    return int(2 ** (np.floor(2 * log2(max(rows, LEAST_ROWS))) / 2))


@lru_cache(maxsize=32)
def thresholds(reference: Reference, rows: int, percent: float, least: float) -> Thresholds:
    """Calibrated for `rows` a day (a bucket); `percent` of months may have a false alarm at most."""
    made = coordinates.of(reference)
    dates = reference.blocks == "days"
    rng = np.random.default_rng(0)
    shares = np.concatenate([_drawn(reference.shares[name], rows, rng) for name in reference.names], axis=1)
    days = shares @ made.matrix.T - made.usual
    order = rng.integers(0, len(days), (MONTHS, MONTH + max(WINDOWS) - 1))
    above, below, spread = _months(days, order)
    scale = [np.maximum(np.quantile(each, 0.99, axis=1), least / 8) for each in (above, below)]
    worst = np.maximum((above / scale[0][:, None]).max((0, 2)), (below / scale[1][:, None]).max((0, 2)))
    factor = float(np.quantile(worst, 1 - SPENT * percent / 100))
    least = least if dates else max(least, UNKNOWN_DAYS)
    limits = []
    for drawn, usual, side in zip((above, below), scale, (1, -1), strict=True):
        limit = factor * usual
        # a single day is known: none of the reference is further away
        limit[0] = np.minimum(limit[0], 1.05 * drawn[0].max(0) + 3 * np.sqrt(0.25 / rows))
        season = SEASON * _seasons(reference, made, side) if dates else 0
        limits.append(np.maximum(np.maximum(limit, season), least))
    return Thresholds(limits[0], limits[1], spread, percent / 100 if dates else None)


def _drawn(shares: Floats, rows: int, rng: np.random.Generator) -> Floats:
    """Days as they would look with so many rows: several of each."""
    if rows >= _EXACT:
        return shares
    exact = shares / shares.sum(axis=1, keepdims=True).clip(1e-12)
    return np.concatenate([rng.multinomial(rows, exact) / rows for _ in range(_DRAWS)])


def _months(days: Floats, order: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """By window, month and coordinate the furthest above and below in the month's looks; the spread."""
    shape = (len(WINDOWS), len(order), days.shape[1])
    above, below, spread = np.empty(shape), np.empty(shape), np.empty((len(WINDOWS), days.shape[1]))
    for start in range(0, days.shape[1], _CHUNK):
        part = slice(start, start + _CHUNK)
        added = days[:, part].astype(np.float32)[order].cumsum(axis=1)
        added = np.concatenate([np.zeros_like(added[:, :1]), added], axis=1)
        for place, window in enumerate(WINDOWS):
            means = (added[:, -MONTH:] - added[:, -MONTH - window : -window]) / window
            above[place, :, part], below[place, :, part] = means.max(axis=1), -means.min(axis=1)
            spread[place, part] = means[:, 0].std(axis=0)
    return above, below, spread


def _seasons(reference: Reference, made: coordinates.Coordinates, side: int) -> Floats:
    """By window and coordinate the furthest that consecutive days of the reference come."""
    shares = np.concatenate([reference.shares[name] for name in reference.names], axis=1)
    added = np.cumsum(side * (shares @ made.matrix.T - made.usual), axis=0)
    added = np.concatenate([np.zeros_like(added[:1]), added])
    found = np.zeros((len(WINDOWS), len(made.items)))
    for place, window in enumerate(WINDOWS):
        if len(shares) >= window:
            found[place] = ((added[window:] - added[:-window]) / window).max(axis=0)
    return found
