"""Thresholds for one reference at one volume, from the reference's own days. Pure.

A day is ranked among the reference's days: how surprising it is that so few of them lie as far away. A rank
says the same of a new day as of one of the reference, however far away rare days (a storm, an outage) lie, so
that a threshold holds for days that nobody has seen. One odd day is no drift: a window of days is, whose
surprises add up to more than those of months without drift do.

Such months are drawn: days of the reference at random, each with as many rows as are observed. The largest
sum over all that is compared, all windows and all looks of a month at once gives the thresholds, so that what
depends on what does so in the drawn months too. Windows of the reference's own consecutive days show how far
a season goes: no threshold is below that with some allowance.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import log2

import numpy as np
from numpy.typing import NDArray

from monitoring.drift import coordinates
from monitoring.drift.coordinates import Coordinates
from monitoring.drift.reference import Reference

WINDOWS = (3, 4, 5, 7, 14, 28)
"""Days. Fewer are never enough: a storm is over by then."""
MONTH = 30
"""Looks of a month: the windows change when a day is complete."""
MONTHS = 1000
"""That are drawn."""
SPENT = 0.4
"""Of the false-alarm rate, by the windows; what is left covers that the rate is an estimate."""
SEASON = 1.25
"""The allowance beyond what the reference's own seasons show."""
LEAST_ROWS = 10
"""A day: with fewer nothing is decided."""
UNKNOWN_DAYS, FURTHER, LEAST_DAYS = 0.3, 2.0, 7
"""Where the reference's blocks are no days, so that how days differ is not known: the least effect that is a
finding, how many times as far as any block it has to be, and in windows of how many days."""
_DRAWS = 4
_EXACT = 100_000
"""Rows a day from which on a day's shares are taken as they are."""
_CHUNK = 40
_DECIMALS = 9
"""Of a share: what differs by less is the same one."""
_APART = 4.0
"""No two shares are so far apart."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranks:
    """Days as they look at one volume, by which others are ranked."""

    ordered: Floats
    """Of all coordinates, one after the other, in order; each moved by its number to be in one row."""
    count: int
    """Of days, with those that were drawn several times."""
    least: float
    """No day is less likely than one of the reference's days, however often it was drawn."""

    def surprise(self, moved: Floats) -> Floats:
        """Of days by coordinates: above (first) and below, minus the logarithm of the rank from that end."""
        places = np.arange(moved.shape[1])
        wanted = np.round(moved, _DECIMALS).clip(-1, 1) + _APART * places
        below = np.searchsorted(self.ordered, wanted, side="left") - places * self.count
        upto = np.searchsorted(self.ordered, wanted, side="right") - places * self.count
        chances = np.stack([self.count - below, upto]) / self.count
        return -np.log(np.clip(chances, self.least, 1))


@dataclass(frozen=True, eq=False)
class Thresholds:
    """What months without drift do not reach."""

    ranks: Ranks
    sums: Floats
    """By window, side (above, below) and coordinate: of the surprises of the window's days."""
    unranked: Floats | None
    """Where the reference's blocks are no days: by side and coordinate, how far the mean may be."""
    spread: Floats
    """By window and coordinate, the standard deviation of the mean in months without drift."""


def bucket(rows: float) -> int:
    """The volume that stands for `rows` a day: at most a third less."""
    return int(2 ** (np.floor(2 * log2(max(rows, LEAST_ROWS))) / 2))


@lru_cache(maxsize=32)
def thresholds(reference: Reference, rows: int, percent: float) -> Thresholds:
    """Calibrated for `rows` a day (a bucket); `percent` of months may have a false alarm at most."""
    made = coordinates.of(reference)
    rng = np.random.default_rng(0)
    shares = np.concatenate([_drawn(reference.shares[name], rows, rng) for name in reference.names], axis=1)
    days = np.round(shares @ made.matrix.T - made.usual, _DECIMALS)
    ranks = _ranks(days, reference.length)
    surprises = ranks.surprise(days)
    order = rng.integers(0, len(days), (MONTHS, MONTH + max(WINDOWS) - 1))
    worst = _months(surprises, order)
    # ranks of several days among the same days hang together: so much wider than of days that are drawn
    wider = np.sqrt(1 + np.array(WINDOWS) / reference.length)
    usual = np.quantile(worst, 0.99, axis=1)
    factor = np.quantile((worst / usual[:, None]).max(axis=0), 1 - SPENT * percent / 100)
    limits = np.array(WINDOWS) + (factor * usual - np.array(WINDOWS)) * wider
    sums = np.maximum(limits[:, None, None], SEASON * _seasons(reference, made, ranks))
    furthest = np.stack([days.max(axis=0), -days.min(axis=0)])
    unranked = None if reference.blocks == "days" else np.maximum(FURTHER * furthest, UNKNOWN_DAYS)
    spread = days.std(axis=0) / np.sqrt(np.array(WINDOWS))[:, None]
    return Thresholds(ranks, sums, unranked, spread)


def _drawn(shares: Floats, rows: int, rng: np.random.Generator) -> Floats:
    """Days as they would look with so many rows: several of each."""
    if rows >= _EXACT:
        return shares
    exact = shares / shares.sum(axis=1, keepdims=True).clip(1e-12)
    return np.concatenate([rng.multinomial(rows, exact) / rows for _ in range(_DRAWS)])


def _ranks(days: Floats, length: int) -> Ranks:
    ordered = np.sort(days, axis=0).clip(-1, 1) + _APART * np.arange(days.shape[1])
    return Ranks(ordered.T.ravel(), len(days), 1 / (length + 1))


def _months(surprises: Floats, order: NDArray[np.int64]) -> Floats:
    """By window and month, the largest sum of surprises of any coordinate and side, over its looks."""
    worst = np.zeros((len(WINDOWS), len(order)))
    both = np.concatenate(list(surprises), axis=1).astype(np.float32)
    for start in range(0, both.shape[1], _CHUNK):
        added = both[:, start : start + _CHUNK][order].cumsum(axis=1)
        added = np.concatenate([np.zeros_like(added[:, :1]), added], axis=1)
        for place, window in enumerate(WINDOWS):
            sums = added[:, -MONTH:] - added[:, -MONTH - window : -window]
            worst[place] = np.maximum(worst[place], sums.max(axis=(1, 2)))
    return worst


def _seasons(reference: Reference, made: Coordinates, ranks: Ranks) -> Floats:
    """By window, side and coordinate the largest sum of consecutive days of the reference."""
    shares = np.concatenate([reference.shares[name] for name in reference.names], axis=1)
    added = ranks.surprise(shares @ made.matrix.T - made.usual).cumsum(axis=1)
    added = np.concatenate([np.zeros_like(added[:, :1]), added], axis=1)
    found = np.zeros((len(WINDOWS), 2, len(made.items)))
    for place, window in enumerate(WINDOWS):
        if reference.length >= window:
            found[place] = (added[:, window:] - added[:, :-window]).max(axis=1)
    return found
