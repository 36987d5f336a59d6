"""From the evidence of single blocks to that of all blocks so far: e-processes and their bounds.

An e-process is the capital of somebody who bets against a null hypothesis. Under the null nobody can expect
to win, so a large capital is evidence against it, whenever one looks.

Before each block everything that a bet depends on is fixed from *earlier* blocks: live's quantiles, live's
and the candidate's expected means. Then the block's counts multiply the capital. Capital is spread over
alternatives, and a reserve is invested bit by bit: it is still there for a regression that begins late, when
earlier bets have lost. Moving capital between bets keeps its expectation at most 1.

Decides nothing: thresholds are in `release/judge/judge.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from release.judge import bets
from release.judge.cells import CELLS, SPANS, Counts
from release.judge.table import ALIKE, CANDIDATE, LIVE, OWN, PAST, QUANTILES_OF, Table, View

Array = NDArray[np.float64]

RATES_REMEMBER, CANDIDATE_REMEMBERS = 2.0, 0.4
"""How long live's rates, and all of the candidate, are remembered, in multiples of the policy's memory."""
INVESTED = 0.9
"""Share of a FAIL question's capital that is bet from the first block on; the rest is its reserve."""
DRIP = 0.24
"""Share of the reserve that is invested within the time of the policy's memory."""
EDGE, SUDDEN = 0.25, 0.6
"""The most that a block brings, as a share of what FAIL needs, at the edge of an incident of live ...

... and anywhere, until the block after it has shown that it was at no edge."""
LOG_FLOOR = -700.0
"""Stands for the log of nothing: smaller numbers would underflow."""
LEAST_SPREAD = 0.02
"""No value is taken to vary less than this; see `Expected`."""


class Reference:
    """What a variant did in earlier blocks; older ones count exponentially less."""

    def __init__(self, keep: float, keep_rates: float) -> None:
        """`keep` is what a block leaves of what quantiles are taken of, `keep_rates` of all else."""
        self.counts = np.zeros(CELLS)
        self.keep = np.full(CELLS, keep_rates)
        for group in QUANTILES_OF:
            self.keep[SPANS[group].start : SPANS[group].stop] = keep

    def learn(self, counts: Counts) -> None:
        """Take a block into account, after it was judged."""
        self.counts *= self.keep
        self.counts += counts


@dataclass(frozen=True)
class Expected:
    """What earlier blocks lead us to expect of the next one, for each question."""

    live: Array
    """Live's mean, (Q, 1)."""
    spread: Array
    """The variance of a value as a share of mean * (1 - mean), (Q, 1); 1 for values of 0 and 1."""
    targets: Array
    """The candidate's mean under each alternative, (Q, K)."""


def expect(table: Table, view: View) -> Expected:
    """What to expect of a block, from those rows of its view that hold earlier blocks."""
    n = view.totals[: OWN + 1] + 1
    mean = (view.values[: OWN + 1] + 0.1) / n
    mean = np.minimum(np.maximum(mean, 1e-5), 0.995)
    live = mean[PAST]
    square = (np.einsum("ql,ql->q", view.levels[PAST], table.squares) + 0.1) / n[PAST]
    spread = np.minimum(np.maximum((square - live * live) / (live * (1 - live)), LEAST_SPREAD), 1.0)
    spread[table.binary] = 1.0
    edge = np.minimum(table.null.times[:, 0] * live + table.null.plus[:, 0], 0.98)
    base = np.where(table.fails, edge, mean[ALIKE])
    odds = (base / (1 - base))[:, None] * table.odds
    targets = np.empty(table.log_prior.shape)
    targets[:, :-1] = odds / (1 + odds)
    targets[:, -1] = mean[OWN]
    return Expected(live[:, None], spread[:, None], targets)


class Processes:
    """The e-processes of all questions. `add` is the only thing that changes them."""

    def __init__(self, table: Table, blocks: float, needed: Array) -> None:
        """`blocks` is the policy's memory as a number of blocks, `needed` (Q,) the log capital that fails."""
        self.table = table
        self.needed = np.where(table.fails, needed, np.inf)[:, None]
        self.most = np.array([[question.most] for question in table.questions]) * self.needed
        """The most log capital (Q, 1) that one block may bring."""
        size = table.log_prior.shape
        fails = table.fails[:, None]
        self.reserve = np.where(fails, math.log(1 - INVESTED), LOG_FLOOR)
        self.capital = table.log_prior + np.where(fails, math.log(INVESTED), 0.0)
        drip = -math.expm1(-DRIP / blocks)
        self.drip, self.rest = table.log_prior + math.log(drip), math.log1p(-drip)
        self.grown = np.zeros(size)
        self.staked = np.zeros(size)
        self.before, self.newest, self.invested = self.capital.copy(), self.grown.copy(), self._none()
        """Log capital before the newest block, what that multiplied it by, and what was added after it."""
        self.totals = np.zeros((2, size[0]))
        """Requests of candidate and of live, (2, Q), that each question was asked about."""
        self.values = np.zeros((2, size[0]))
        """The sums of their values, (2, Q)."""
        self.log_wealth = self._sum(self.capital)
        """Log capital of each question, (Q,): an e-process under its null."""

    def take_over(self, before: "Processes") -> None:
        """Continue the processes of an earlier set of questions; those that are new begin now."""
        rows = [self.table.names.index(name) for name in before.table.names]
        for name in ("reserve", "capital", "grown", "staked", "log_wealth", "before", "newest", "invested"):
            getattr(self, name)[rows] = getattr(before, name)
        for name in ("totals", "values"):
            getattr(self, name)[:, rows] = getattr(before, name)

    def settle(self, edge: bool) -> None:
        """Say of the newest block what the one after it shows: whether it was at the `edge` of an incident.

        If it was, clocks that lie apart may have shown the incident in one variant first: what the block
        brought is limited. That only lowers capital, so the promise of an e-process holds.
        """
        if edge:
            self.capital = self._limited(EDGE)
            self.grown += np.minimum(self.newest, EDGE * self.needed) - self.newest
            self.log_wealth = self._sum(self.capital)
        self.before, self.newest, self.invested = self.capital, np.zeros_like(self.newest), self._none()

    def settled(self) -> Array:
        """Log capital of each question, (Q,), with no more from the newest block than may be sudden."""
        return self._sum(self._limited(SUDDEN))

    def _limited(self, share: float) -> Array:
        return np.logaddexp(self.before + np.minimum(self.newest, share * self.needed), self.invested)

    def _none(self) -> Array:
        return np.full(self.capital.shape, LOG_FLOOR)

    def add(
        self, view: View, expected: Expected, ready: NDArray[np.bool_], calm: bool, edge: bool = False
    ) -> None:
        """Take one block into the evidence; the one before is settled.

        Questions that are not `ready` (Q,) leave it out. When live itself is in an incident, `calm` is False,
        and the block can only lower the evidence of PASS. At the `edge` of an incident it brings little.
        """
        table = self.table
        totals = view.totals[CANDIDATE:]
        usable = ready & (totals[0] > 0) & ((totals[1] > 0) | table.one_sample)
        n_c, n_b = np.where(usable, totals[0], 1.0)[:, None], np.maximum(totals[1], 1.0)[:, None]
        stakes = bets.choose(table.null, n_c, n_b, expected.targets, expected.live, expected.spread)
        log_e = bets.log_e(stakes, table.values, view.levels[CANDIDATE], view.levels[LIVE])
        log_e *= usable[:, None]
        if not calm:
            log_e = np.where(table.fails[:, None], log_e, np.minimum(log_e, 0.0))
        log_e = np.minimum(log_e, self.most)
        if edge:
            log_e = np.minimum(log_e, EDGE * self.needed)
        self.before, self.newest, self.invested = self.capital, log_e, self.reserve + self.drip
        self.capital = np.logaddexp(self.capital + log_e, self.invested)
        self.grown += log_e
        self.staked += stakes.size * (n_c * usable[:, None])
        self.reserve = np.maximum(self.reserve + self.rest, LOG_FLOOR)
        self.totals += totals * usable
        self.values += view.values[CANDIDATE:] * usable
        self.log_wealth = self._sum(self.capital)

    def _sum(self, capital: Array) -> Array:
        return np.logaddexp(np.logaddexp.reduce(capital, axis=1), self.reserve[:, 0])

    def excess(self, error: float) -> Array:
        """Bounds (Q,) of mean_candidate - times * mean_live: lower ones for FAIL questions, upper for PASS.

        They hold at every moment at once, each with a probability of at least 1 - `error`, for the average
        over blocks weighted by what was staked. NaN before anything was staked.
        """
        table = self.table
        with np.errstate(divide="ignore", invalid="ignore"):
            edge = (self.grown + table.log_prior + math.log(error)) / self.staked
        edge[self.staked == 0] = np.nan
        best = np.where(table.fails, np.fmax.reduce(edge, axis=1), np.fmin.reduce(edge, axis=1))
        return table.null.plus[:, 0] + best
