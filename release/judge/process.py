"""From blocks to e-processes: predictable references and bets, capital, and anytime-valid bounds.

Before each block everything that a bet depends on is fixed from *earlier* blocks: live's quantiles, live's and
the candidate's expected means. Then the block's counts multiply the capital. Capital is spread over
alternatives; a reserve is invested bit by bit, so that a regression that begins late is not opposed by what
the bets lost before. Moving capital between bets keeps its expectation at most 1.

Decides nothing: thresholds are in `release/judge/judge.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from release.judge import bets
from release.judge.cells import CELLS, SPANS, Counts
from release.judge.questions import Point, Question

Array = NDArray[np.float64]

MEMORY_SECONDS = {"latency": 120.0, "score": 300.0}
"""Time constant of the references; 600 s for rates."""
RATE_MEMORY_SECONDS = 600.0
CANDIDATE_MEMORY_SECONDS = 120.0
INVESTED = 0.75
"""Share of a FAIL question's capital that bets from the first block on."""
DRIP_PER_SECOND = 0.0008
"""Share of the reserve that is invested anew each second."""
LOG_FLOOR = -700.0


@dataclass(frozen=True)
class Levels:
    """A block as the questions see it: counts per level of candidate and live, each (Q, L)."""

    candidate: Array
    live: Array


class Table:
    """The questions as arrays: Q questions, L levels (padded with empty ones), K alternatives."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        self.questions = questions
        self.levels = max(len(q.values) for q in questions)
        self.alternatives = len(questions[0].odds) + 1
        size = (len(questions), self.levels - 1)
        self.values = np.array([[*q.values, *[0.0] * (self.levels - len(q.values))] for q in questions])
        self.fixed = np.zeros(size, dtype=np.int64)
        self.quantile = np.full(size, -1)
        self.start = np.array([[SPANS[q.group].start] for q in questions])
        self.stop = np.array([[SPANS[q.group].stop] for q in questions])
        self.shift = np.array([[q.shift] for q in questions])
        self.quantiles: list[tuple[str, float]] = []
        for row, question in enumerate(questions):
            padding = [Point(offset=SPANS[question.group].size)] * (self.levels - len(question.values))
            for column, point in enumerate([*question.points, *padding]):
                self._place(row, column, question.group, point)
        self.null = bets.Null(
            *(_column([getattr(q, f) for q in questions]) for f in ("times", "plus", "side"))
        )
        self.odds = np.array([q.odds for q in questions])
        self.one_sample = np.array([[q.one_sample] for q in questions])
        self.history = [(any(p.quantile for p in q.points), q.group) for q in questions]
        self.binary = np.array([[len(q.values) == 2] for q in questions])

    def _place(self, row: int, column: int, group: str, point: Point) -> None:
        self.fixed[row, column] = SPANS[group].start + point.offset
        if point.quantile is not None:
            key = (group, point.quantile)
            if key not in self.quantiles:
                self.quantiles.append(key)
            self.quantile[row, column] = self.quantiles.index(key)

    def edges(self, found: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Edges of the levels, (Q, L + 1), of candidate and live; `found` are the quantiles' bins."""
        at = self.fixed + np.where(self.quantile >= 0, found[self.quantile], 0)
        live = np.minimum(at, self.stop)
        candidate = np.minimum(at + np.where(self.quantile >= 0, self.shift, 0), self.stop)
        return (np.hstack([self.start, edge, self.stop]) for edge in (candidate, live))


def _column(values: list[float]) -> Array:
    return np.array(values, dtype=float)[:, None]


class Reference:
    """What is expected from earlier blocks: forgetting sums of counts, quantiles and means."""

    def __init__(self, block_seconds: float, memory_seconds: float | None = None) -> None:
        self.counts = np.zeros(CELLS)
        self.keep = np.full(CELLS, math.exp(-block_seconds / (memory_seconds or RATE_MEMORY_SECONDS)))
        for group, seconds in MEMORY_SECONDS.items():
            span = SPANS[group]
            self.keep[span.start : span.stop] = math.exp(-block_seconds / (memory_seconds or seconds))

    def learn(self, counts: Counts) -> None:
        """Take a block into account, after it was judged."""
        self.counts *= self.keep
        self.counts += counts

    def prefix(self) -> Array:
        """Prefix sums, length CELLS + 1."""
        return prefix_sums(self.counts)


def prefix_sums(counts: Counts) -> Array:
    """0 and the running sums of the cells, length CELLS + 1."""
    sums = np.empty(counts.size + 1)
    sums[0] = 0.0
    np.cumsum(counts, out=sums[1:])
    return sums


def find_quantiles(table: Table, prefix: Array) -> NDArray[np.int64]:
    """For each quantile of the table, how many bins of its group lie at or below it."""
    found = np.empty(len(table.quantiles), dtype=np.int64)
    for group in ("latency", "score"):
        span = SPANS[group]
        rows = [i for i, (name, _) in enumerate(table.quantiles) if name == group]
        low, high = prefix[span.start], prefix[span.stop]
        wanted = low + np.array([table.quantiles[i][1] for i in rows]) * (high - low)
        found[rows] = np.searchsorted(prefix[span.start : span.stop + 1], wanted - 1e-9, side="left")
    return found


class Processes:
    """The e-processes of all questions. `add` is the only thing that changes them."""

    def __init__(self, table: Table, block_seconds: float) -> None:
        self.table = table
        size = (len(table.questions), table.alternatives)
        fail = table.null.side > 0
        self.reserve = np.where(fail, math.log(1 - INVESTED), LOG_FLOOR)
        self.capital = np.full(size, -math.log(size[1])) + np.where(fail, math.log(INVESTED), 0.0)
        drip = -math.expm1(-DRIP_PER_SECOND * block_seconds)
        self.drip, self.rest = math.log(drip / size[1]), math.log1p(-drip)
        self.grown = np.zeros(size)
        self.staked = np.zeros(size)
        self.seen = np.zeros((size[0], 4))

    def add(
        self, levels: Levels, live: Array, spread: Array, target: Array, ready: NDArray[np.bool_], calm: bool
    ) -> None:
        """Judge one block. `live`, `spread` (Q, 1) and `target` (Q, K) come from earlier blocks."""
        n_c = levels.candidate.sum(axis=1, keepdims=True)
        n_b = levels.live.sum(axis=1, keepdims=True)
        usable = ready[:, None] & (n_c > 0) & ((n_b > 0) | self.table.one_sample)
        n_c, n_b = np.where(usable, n_c, 1.0), np.where(usable & (n_b > 0), n_b, 1.0)
        stakes = bets.choose(self.table.null, n_c, n_b, target, live, spread)
        log_e = bets.log_e(stakes, self.table.values, levels.candidate, levels.live)
        log_e = np.where(usable, log_e, 0.0)
        if not calm:
            # Capital may be given away, never made: while live is in an incident nothing is proven good.
            log_e = np.where(self.table.null.side < 0, np.minimum(log_e, 0.0), log_e)
        self.grown += log_e
        self.staked += np.where(usable, stakes.size * n_c, 0.0)
        self.capital = np.logaddexp(self.capital + log_e, self.reserve + self.drip)
        self.reserve = np.maximum(self.reserve + self.rest, LOG_FLOOR)
        v = self.table.values
        self.seen += np.where(
            usable,
            np.stack(
                [
                    n_c[:, 0],
                    n_b[:, 0],
                    (levels.candidate * v).sum(axis=1),
                    (levels.live * v).sum(axis=1),
                ],
                axis=1,
            ),
            0.0,
        )

    def log_wealth(self) -> Array:
        """Log capital of each question, (Q,): an e-process under its null."""
        return np.logaddexp(np.logaddexp.reduce(self.capital, axis=1), self.reserve[:, 0])

    def excess(self, error: float) -> Array:
        """Bounds (Q,) of mean_candidate - times * mean_live, at any moment: lower for FAIL, upper for PASS.

        Averaged over blocks with the stakes as weights; each misses with probability `error` at most.
        NaN before anything was staked.
        """
        table = self.table
        with np.errstate(divide="ignore", invalid="ignore"):
            edge = (self.grown - math.log(table.alternatives / error)) / self.staked
        edge = np.where(self.staked == 0, np.nan, edge)
        fail = table.null.side[:, 0] > 0
        best = np.where(fail, np.fmax.reduce(edge, axis=1), np.fmin.reduce(edge, axis=1))
        return table.null.plus[:, 0] + best
