"""The questions as arrays, and what a block answers to each.

A question sorts requests into levels by their cell, and each level has a value. A *view* is a block after
that: how many requests lie on each level of each question, of the block and of what came before it. Arrays
have one row a question (Q); questions with few levels are padded with empty ones to the same number (L).
Everything that depends on the policy alone is computed once, when the table is made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from release.judge import bets
from release.judge.cells import CELLS, LATENCY_EDGES, PACE_EDGES, SPANS, Counts, Span, later_edges
from release.judge.questions import Point, Question

Array = NDArray[np.float64]
Indexes = NDArray[np.int64]

PAST, ALIKE, OWN, CANDIDATE, LIVE = range(5)
"""The rows of a view. What each counts:

    PAST        live's requests of earlier blocks
    ALIKE       the same requests, sorted by the candidate's points: a candidate that is just like live
    OWN         the candidate's requests of earlier blocks
    CANDIDATE   the candidate's requests of this block
    LIVE        live's requests of this block
"""
QUANTILES_OF = ("latency", "score", "pace")
"""The groups of which questions have points at live's quantiles."""
_EDGES = {"latency": LATENCY_EDGES, "pace": PACE_EDGES}
"""The edges of the bins of those groups in which an amount can be asked for, in the unit of that amount."""
_SOURCES = np.array([0, 0, 1, 2, 3])[:, None, None] * (CELLS + 1)
"""Where the prefix sums begin that each row is counted from: PAST and ALIKE are counted from the same."""


@dataclass(frozen=True)
class View:
    """A block and what came before it, as the questions see them; the rows are PAST to LIVE."""

    levels: Array
    """Requests on each level, (5, Q, L)."""
    totals: Array
    """Requests on all levels, (5, Q)."""
    values: Array
    """The sum of those requests' values, (5, Q)."""
    sums: Array
    """Prefix sums over the cells, (4, CELLS + 1): live's past, the candidate's past, candidate, live."""
    live_edges: Indexes
    """The cells at which live's levels begin and end, (Q, L + 1)."""
    candidate_edges: Indexes
    """The cells at which the candidate's do."""


class Table:
    """The questions of a policy as arrays, a row each."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        self.questions = questions
        self.names = [q.name for q in questions]
        self.levels = max(len(q.value.values) for q in questions)
        padded = [[*q.value.values, *[0.0] * (self.levels - len(q.value.values))] for q in questions]
        self.values = np.array(padded)
        self.squares = self.values**2
        self.null = bets.Null(
            *(_column([getattr(q, f) for q in questions]) for f in ("times", "plus", "side"))
        )
        self.fails = self.null.side[:, 0] > 0
        self.odds = np.array([q.alternatives.odds for q in questions])
        prior = np.array([q.alternatives.prior for q in questions])
        self.log_prior = np.log(prior / prior.sum(axis=1, keepdims=True))
        self.one_sample = np.array([q.one_sample for q in questions])
        self.binary = np.array([len(q.value.values) == 2 for q in questions])
        self._place(questions)
        self._later = np.concatenate([_later(q) for q in questions])
        self._rows = np.arange(len(questions))[:, None] * (CELLS + 1)

    def _place(self, questions: tuple[Question, ...]) -> None:
        size = (len(questions), self.levels - 1)
        self._fixed, self._which = np.zeros(size, dtype=np.int64), np.full(size, -1)
        self._stop = np.array([[SPANS[q.group].stop] for q in questions])
        self._shift = np.array([[q.shift] for q in questions])
        self._frame = np.repeat(self._stop, self.levels + 1, axis=1)
        self._frame[:, 0] = [SPANS[q.group].start for q in questions]
        keys: list[tuple[str, float]] = []
        for row, question in enumerate(questions):
            padding = [Point(offset=SPANS[question.group].size)] * (self.levels - len(question.value.values))
            for column, point in enumerate([*question.value.points, *padding]):
                self._fixed[row, column] = SPANS[question.group].start + point.offset
                if point.quantile is not None:
                    key = (question.group, point.quantile)
                    keys = keys if key in keys else [*keys, key]
                    self._which[row, column] = keys.index(key)
        self._found = np.zeros(len(keys) + 1, dtype=np.int64)
        self._groups = [_rows(name, keys) for name in QUANTILES_OF]
        self._needs = {
            name: np.array([q.group == name and q.value.points[0].quantile is not None for q in questions])
            for name in QUANTILES_OF
        }

    def ready(self, past: Counts, least: int) -> NDArray[np.bool_]:
        """Which questions (Q,) can be asked: their quantiles, if any, rest on `least` requests of live."""
        lacking = np.zeros(len(self.questions), dtype=bool)
        for name, needs in self._needs.items():
            span = SPANS[name]
            if past[span.start : span.stop].sum() < least:
                lacking |= needs
        return ~lacking

    def look(self, past: Counts, own: Counts, candidate: Counts, live: Counts) -> View:
        """The view of a block (`candidate`, `live`), with live's `past` and the candidate's `own`."""
        sums = np.zeros((4, CELLS + 1))
        np.cumsum((past, own, candidate, live), axis=1, out=sums[:, 1:])
        live_edges, candidate_edges = self._edges(sums[0])
        edges = np.stack([live_edges, candidate_edges, candidate_edges, candidate_edges, live_edges])
        at = sums.ravel().take(edges + _SOURCES)
        levels = at[..., 1:] - at[..., :-1]
        values = np.einsum("tql,ql->tq", levels, self.values)
        return View(levels, at[..., -1] - at[..., 0], values, sums, live_edges, candidate_edges)

    def _edges(self, prefix: Array) -> tuple[Indexes, Indexes]:
        """The edges of all levels for live and for the candidate, with quantiles from live's past."""
        for span, rows, shares in self._groups:
            low, high = prefix[span.start], prefix[span.stop]
            wanted = low + shares * (high - low) - 1e-9
            self._found[rows] = prefix[span.start : span.stop + 1].searchsorted(wanted)
        at = self._fixed + self._found[self._which]
        live, candidate = self._frame.copy(), self._frame.copy()
        points = np.minimum(at, self._stop, out=live[:, 1:-1])
        later = np.maximum(at + self._shift, self._later.take(points + self._rows))
        np.minimum(later, self._stop, out=candidate[:, 1:-1])
        return live, candidate


def _later(question: Question) -> Indexes:
    """For each cell that a point of live may lie at, the one that the candidate's lies at or above.

    An amount of time hardly ever is a whole number of bins. It is rounded towards the null hypothesis, so
    that whoever is within the margin is within it in bins too: upwards for FAIL, downwards for PASS.
    """
    cells = np.arange(CELLS + 1)
    span = SPANS[question.group]
    if question.group in _EDGES:
        later = later_edges(_EDGES[question.group], question.amount, question.side)
        cells[span.start : span.stop + 1] = span.start + later
    return cells


def _column(values: list[float]) -> Array:
    return np.array(values, dtype=float)[:, None]


def _rows(name: str, keys: list[tuple[str, float]]) -> tuple[Span, Indexes, Array]:
    rows = [i for i, (group, _) in enumerate(keys) if group == name]
    return SPANS[name], np.array(rows, dtype=np.int64), np.array([keys[i][1] for i in rows])
