"""The e-value of one block, for many questions and alternatives at once.

For values in [0, 1] of n_c candidate and n_b live requests, the null mean_c <= times * mean_b + plus, any bet
size a >= 0 and any centre c_b (with c_c = times * c_b + plus),

    e = prod_i (1 + a (x_i - c_c)) * prod_j (1 - b (y_j - c_b)),    b = a * times * n_c / n_b

has expectation at most exp(a n_c (mean_c - times * mean_b - plus)) <= 1 over the *whole* null, whatever
live's mean is in this block, because 1 + u <= exp(u). The reverse null is the same with a <= 0. So `size`
and `centre` may be chosen for speed alone: the fixed point below is the reverse information projection of
the alternative (docs/judge.md), which for 0/1 values makes e its likelihood ratio.

Arrays have one row a question. Q is the number of questions, K of alternatives (where the candidate may be),
L of levels (different values that a request can have).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TINY = 1e-6
"""Means are kept this far from 0 and 1."""
RESERVE = 0.02
"""No bet may lose more than the rest of its capital on one request."""
ROUNDS = 1
"""Steps of the fixed-point iteration. More would hardly decide sooner; validity does not depend on it."""


class Null:
    """The null hypotheses of all questions, each linear in the two means; arrays are (Q, 1)."""

    def __init__(self, times: Array, plus: Array, side: Array) -> None:
        self.times, self.plus, self.side = times, plus, side
        self.up = side > 0
        self.highest = np.minimum(1.0, (1.0 - plus) / np.maximum(times, TINY)) - TINY
        """The largest centre for live with which the candidate's centre is still below 1."""


@dataclass(frozen=True)
class Bets:
    """What is bet on a request's value, and around which value, for candidate and live; each (Q, K)."""

    size: Array
    live_size: Array
    centre: Array
    live_centre: Array


def choose(null: Null, n_c: Array, n_b: Array, target: Array, live: Array, spread: Array) -> Bets:
    """The bets that grow fastest if the candidate's mean is `target` (Q, K) and live's is `live` (Q, 1).

    `spread` (Q, 1) is the variance of a value as a share of mean * (1 - mean): 1 for 0/1 values. A target
    inside the null gets size 0.
    """
    aim = target - null.plus
    pull = n_c * null.times
    ratio = pull / n_b
    theta = (pull * aim + n_b * live) / (pull * null.times + n_b)
    for _ in range(ROUNDS):
        theta, centre = _inside(theta, null)
        w_c = ratio / (centre * (1 - centre))
        w_b = 1 / (theta * (1 - theta))
        theta = (w_c * aim + w_b * live) / (w_c * null.times + w_b)
    theta, centre = _inside(theta, null)
    rest = 1 - centre
    size = (target - centre) / (spread * centre * rest)
    size *= null.side
    # What one request can lose, of the candidate and of live.
    size = np.minimum(size, (1 - RESERVE) / np.where(null.up, centre, rest))
    size = np.minimum(size, (1 - RESERVE) / (np.where(null.up, 1 - theta, theta) * np.maximum(ratio, TINY)))
    size = np.maximum(size, 0.0) * null.side
    return Bets(size, size * ratio, centre, theta)


def _inside(theta: Array, null: Null) -> tuple[Array, Array]:
    """Live's centre moved into (0, 1), and the candidate's that belongs to it.

    The two lie *exactly* on the line that bounds the null hypothesis: the guarantee rests on that.
    """
    theta = np.minimum(np.maximum(theta, TINY), null.highest)
    return theta, null.times * theta + null.plus


def log_e(bets: Bets, values: Array, h_c: Array, h_b: Array) -> Array:
    """Log e-values (Q, K) of one block.

    `h_c` and `h_b` (Q, L) say how many requests of candidate and live had each of `values` (Q, L).
    """
    v = values[:, None, :]
    won = np.log1p(bets.size[..., None] * (v - bets.centre[..., None]))
    lost = np.log1p(-bets.live_size[..., None] * (v - bets.live_centre[..., None]))
    return np.einsum("qkl,ql->qk", won, h_c) + np.einsum("qkl,ql->qk", lost, h_b)
