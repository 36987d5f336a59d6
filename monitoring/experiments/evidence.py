"""Evidence about the difference of two rates, by the judge's bets (`release/judge/bets.py`). Pure.

A row asks one question about one sequence of blocks: is the candidate's rate above live's by more than a
lift (side +1), or by less (side -1)? Its capital is an e-process under the opposite: by Ville's inequality it
ever reaches 1/alpha with a probability of at most alpha, however often anybody looks, and whatever both rates
do from block to block together. Capital is spread over several sizes of the effect; all that a bet depends on
is fixed from earlier blocks.

The judge's margins are not negative. A negative lift is asked with the two variants exchanged.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from release.judge import bets

Array = NDArray[np.float64]

STEPS = (1.0, 2.0, 0.5, 4.0)
"""The effects that are bet on, in multiples of the least one that matters ..."""
SHARES = (0.45, 0.1, 0.1, 0.05, 0.1)
"""... and the share of the capital on each; the last is on what earlier blocks showed."""
UNTOUCHED = 1.0 - sum(SHARES)
"""The share that is never bet: by so much the error stays below what is stated, for 5 % more exposures."""
PRIOR = 200.0
"""Exposures that the expected base rate counts as, before there are others."""
_BINARY = np.array([[0.0, 1.0]])
_ONE = np.ones((1, 1))
_EDGE = 1e-4
"""Targets are kept this far from 0 and 1."""


@dataclass(frozen=True)
class Effect:
    """What is expected of the outcome: live's rate, and the least difference that matters."""

    base: float
    minimum: float


@dataclass(frozen=True)
class Block:
    """Exposures and outcomes of one stretch of time, (rows,) each."""

    candidate: Array
    candidate_yes: Array
    live: Array
    live_yes: Array


class Evidence:
    """The e-processes of some rows. `add` is the only thing that changes them."""

    def __init__(self, lifts: Array, sides: Array, effect: Effect) -> None:
        """`lifts` and `sides` (+1 or -1), (rows,) each, are the questions."""
        self._swap = lifts < 0
        side = np.where(self._swap, -sides, sides)[:, None].astype(float)
        self._null = bets.Null(np.ones_like(side), np.abs(lifts)[:, None], side)
        self._steps = side * effect.minimum * np.array(STEPS)
        self._prior = np.array([[effect.base, effect.base]]) * PRIOR
        rows = len(lifts)
        self._n, self._yes = np.zeros((2, rows)), np.zeros((2, rows))
        self._waits = np.zeros((4, rows))
        """What came while one of the two variants had no exposure: it counts with the next block."""
        self._capital = np.tile(np.log(SHARES), (rows, 1))
        self.log_wealth = np.zeros(rows)
        """Log capital of each row."""
        self.most = np.zeros(rows)
        """The most that it ever was: what was proven once stays proven."""

    def add(self, block: Block) -> None:
        """Take a block into account. What both variants together showed in it does not matter."""
        counts = np.stack([block.candidate, block.candidate_yes, block.live, block.live_yes])
        counts = counts + self._waits
        usable = (counts[0] > 0) & (counts[2] > 0)
        self._waits = counts * ~usable
        counts = np.where(self._swap, counts[[2, 3, 0, 1]], counts) * usable
        n, yes = counts[[0, 2]], counts[[1, 3]]
        grown = self._log_e(np.where(usable, n, 1.0), yes)
        self._capital += grown * usable[:, None]
        self._n += n
        self._yes += yes
        self.log_wealth = np.logaddexp(np.logaddexp.reduce(self._capital, axis=1), math.log(UNTOUCHED))
        self.most = np.maximum(self.most, self.log_wealth)

    def _log_e(self, n: Array, yes: Array) -> Array:
        n_c, n_b = n[0][:, None], n[1][:, None]
        mean = (self._yes + self._prior.T) / (self._n + PRIOR)
        live = np.clip(mean[1][:, None], _EDGE, 1 - _EDGE)
        edge = live + self._null.plus
        target = np.hstack([edge + self._steps, mean[0][:, None]])
        # A target on the wrong side of the null gets no bet; one outside of [0, 1] is no rate.
        target = np.clip(target, _EDGE, 1 - _EDGE)
        wrong = (target - edge) * np.where(self._null.up, 1.0, -1.0) <= 0
        target = np.where(wrong, np.clip(edge, _EDGE, 1 - _EDGE), target)
        stakes = bets.choose(self._null, n_c, n_b, target, live, _ONE)
        h_c = np.stack([n[0] - yes[0], yes[0]], axis=1)
        h_b = np.stack([n[1] - yes[1], yes[1]], axis=1)
        return bets.log_e(stakes, _BINARY, h_c, h_b)
