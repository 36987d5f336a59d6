"""From blocks to a verdict, by the rules of PASS, FAIL and HOLD.

`judge(blocks, policy)` gives the verdict on all blocks at once. `Judge` takes them one by one, for whoever
asks again every few seconds, and comes to the same. FAIL is final. Neither knows AWS or the time: a block is
what both variants did in the same few seconds.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from release.domain.policy import SEEN_BY_CAPTURES, Metric, Policy
from release.judge.cells import CELLS, LATENCY_STEP, SPANS, Counts, latency_steps
from release.judge.noise import Noise
from release.judge.process import (
    CANDIDATE_REMEMBERS,
    RATES_REMEMBER,
    Expected,
    Processes,
    Reference,
    expect,
)
from release.judge.questions import questions
from release.judge.reasons import reasons
from release.judge.table import LIVE, Table, View
from release.judge.verdict import Decision, Verdict

Array = NDArray[np.float64]

INCIDENT_ERRORS = 0.05
"""Live is in an incident when this share of its requests fails ..."""
INCIDENT_RANK = 0.78
"""... or the mean rank of its latencies among its past ones is above this."""
OPTIONAL: dict[Metric, str] = {
    "errors": "clumps",
    "service": "service",
    "invalid": "invalid",
    "latency": "latency",
    "score": "score",
    "agreement": "agreement",
    "loss": "loss",
}
"""Metrics, and the group of cells that holds the evidence of each.

A metric that the policy does not require is judged from the candidate's first evidence of it on.
"""
BY_WINDOWS = "every required metric is proven within its PASS margin"
BY_INVOCATIONS = (
    "errors and latency are proven within their PASS margins, as SageMaker counts them; without windows of "
    "both variants nobody saw score drift, invalid predictions, or a slow-down of less than a quarter"
)
BY_INVOCATIONS_AND_CAPTURES = (
    "errors and latency are proven within their PASS margins, as SageMaker counts them; scores and invalid "
    "predictions were compared in {mine:,} captured answers of the candidate and {theirs:,} of live, a "
    "sample of {percent} %; without windows of both variants nobody saw a slow-down of less than a quarter"
)
NONE_CAPTURED = "; answers are captured, and {mine:,} of the candidate and {theirs:,} of live came in time"
"""What a PASS says, by what it rests on."""
YOUNG_BLOCKS = 6
"""A candidate that is bad from its first blocks on fails at once; one that turns bad, a block later."""
POSSIBLE = 0.999
"""Where the edge of a PASS margin is above this, no mean can be beyond it, and there is nothing to prove."""
LEAST_SLOPE = 0.05
"""The least that the mean rank is taken to fall when latencies grow by a factor of e.

It is divided by, and would be 0 where all of live's past latencies fell into one bin.
"""
LOG_STEP = math.log(LATENCY_STEP)
"""Width of a latency bin in the log of latency."""
SLOPE_BINS = 2
"""The slope of the mean rank is taken between so many bins lower and so many bins higher."""


@dataclass(frozen=True)
class Block:
    """What both variants counted in the same seconds (release/judge/cells.py)."""

    candidate: Counts
    live: Counts


class Judge:
    """Judges block by block: `add` them in order of time, ask for a `verdict` whenever you like."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        by_windows = policy.by == "windows"
        self._answers = SPANS["requests" if by_windows else "service"]
        """The cells that count requests without and with an error."""
        self._margin = policy.errors if by_windows else policy.service
        self._all = questions(policy)
        self.metrics: set[Metric] = set(policy.require)
        self._ask(None)
        blocks = policy.memory_seconds / policy.block_seconds
        short = math.exp(-1 / (CANDIDATE_REMEMBERS * blocks))
        self.live = Reference(math.exp(-1 / blocks), math.exp(-1 / (RATES_REMEMBER * blocks)))
        self.candidate = Reference(short, short)
        latency = policy.latency
        self.noise = Noise(latency.noise, latency.noise_seconds, policy.block_seconds)
        self.blocks = self.shared = self.stale = 0
        self.counted = np.zeros((2, CELLS))
        self.captured, self.uncaptured = np.zeros(2), 0
        """Captured answers of candidate and live, and for how many blocks none came of both."""
        self.failed: Verdict | None = None
        self._log_fail = -math.inf
        self._calm = True

    def _ask(self, before: Processes | None) -> None:
        """Ask all questions of `metrics`; those asked before go on with their evidence in `before`."""
        self.table = Table(tuple(q for q in self._all if q.metric in self.metrics))
        shares = np.array([q.weight for q in self.table.questions])
        with np.errstate(divide="ignore"):
            self._weights = np.log(shares / sum(q.weight for q in self._all))
        blocks = self.policy.memory_seconds / self.policy.block_seconds
        self.processes = Processes(self.table, blocks, -math.log(self.policy.alpha) - self._weights)
        if before is not None:
            self.processes.take_over(before)
        self._expected: Expected | None = None
        self._body = self.table.names.index("body") if "body" in self.table.names else None
        # What `plus_ms` tolerates beyond the noise model's own margin, and the share, is no effect to it.
        shift = 0 if self._body is None else self.table.questions[self._body].shift
        self._own_margin = max(shift, latency_steps(self.policy.latency.noise_beyond))
        self._required = np.array(
            [q.side < 0 and q.metric in self.policy.require for q in self.table.questions]
        )

    def _notice(self, block: Block) -> None:
        """Start to ask about a metric that is not required with the candidate's first evidence of it."""
        by_windows = self.policy.by == "windows"
        for metric, group in OPTIONAL.items():
            seen = by_windows or (self.policy.captured and metric in SEEN_BY_CAPTURES)
            if seen and metric not in self.metrics:
                span = SPANS[group]
                if block.candidate[span.start : span.stop].any():
                    self.metrics.add(metric)
                    self._ask(self.processes)

    def add(self, block: Block) -> None:
        """Take the next block into account. A block that lacks a variant carries no evidence."""
        self.blocks += 1
        span = self._answers
        both = block.candidate[span.start : span.stop].sum() > 0 < block.live[span.start : span.stop].sum()
        if block.candidate.any():
            self._notice(block)
            self._compare(block)
        else:
            self._settle(not self._errors_abound(block.live))
        if both:
            self.shared += 1
            self.stale = 0
            self.counted[0] += block.candidate
            self.counted[1] += block.live
        else:
            self.stale += 1
        self._count_captured(block)
        self.live.learn(block.live)
        self.candidate.learn(block.candidate)
        self._log_fail = float(np.logaddexp.reduce(self._weighed(self.processes.log_wealth)))
        needed = -math.log(self.policy.alpha)
        if self.failed is not None or self._log_fail < needed:
            return
        shares = self._shares()
        if np.logaddexp.reduce(shares) >= needed:
            worst = self.table.questions[int(np.argmax(shares))]
            because = f"{worst.metric}: {worst.name} is beyond its FAIL margin"
            self.failed = self._verdict(Decision.FAIL, because)

    def _count_captured(self, block: Block) -> None:
        if not self.policy.captured:
            return
        span = SPANS["invalid"]
        came = np.array([each[span.start : span.stop].sum() for each in (block.candidate, block.live)])
        self.captured += came
        self.uncaptured = 0 if came.all() else self.uncaptured + 1

    def _compare(self, block: Block) -> None:
        table, past = self.table, self.live.counts
        view = table.look(past, self.candidate.counts, block.candidate, block.live)
        expected = expect(table, view)
        ready = table.ready(past, self.policy.history_requests)
        calm = not self._errors_abound(block.live)
        if self._body is not None and ready[self._body]:
            calm &= not self._watch(view, self._body)
        edge = self._settle(calm)
        self.processes.add(view, expected, ready, calm, edge)
        self._expected = expected

    def _settle(self, calm: bool) -> bool:
        """Settle the block before with what live does now; whether both are at the edge of an incident."""
        edge = calm != self._calm
        self.processes.settle(edge)
        self._calm = calm
        return edge

    def _watch(self, view: View, body: int) -> bool:
        """Take the block's latencies into the noise model; returns whether live got much slower."""
        row, values = view.live_edges[body], self.table.values[body]
        mine = np.maximum(view.candidate_edges[body] - self._own_margin, row)
        n_b, n_c = float(view.totals[LIVE, body]), _total(view, 2, row)
        if n_b == 0:
            return False
        mean_b = float(view.values[LIVE, body] / n_b)
        if n_c > 0:
            rise = _rank(view, 0, row - SLOPE_BINS) - _rank(view, 0, row + SLOPE_BINS)
            slope = max(rise / (2 * SLOPE_BINS * LOG_STEP), LEAST_SLOPE)
            variance = float(view.levels[LIVE, body] @ values**2 / n_b - mean_b**2) + 0.001
            self.noise.add((_rank(view, 2, mine) - mean_b) / slope, variance * (1 / n_c + 1 / n_b) / slope**2)
        return n_b >= 20 and mean_b > INCIDENT_RANK

    def log_fail(self) -> float:
        """Log of all FAIL evidence together: the weighted sum of the e-processes.

        FAIL is proven at -log(alpha), once the next block has settled it. A process whose
        evidence noise may explain is left out.
        """
        return self._log_fail

    def _shares(self) -> Array:
        """Logs of the FAIL processes times their weights (Q,), as far as they may fail a candidate now."""
        young = self.shared <= YOUNG_BLOCKS
        return self._weighed(self.processes.log_wealth if young else self.processes.settled())

    def _weighed(self, wealth: Array) -> Array:
        shares = wealth + self._weights
        if self._body is not None and self._noise_explains():
            shares[self._body] = -np.inf
        return shares

    def _noise_explains(self) -> bool:
        latency, seconds = self.policy.latency, self.shared * self.policy.block_seconds
        if seconds < latency.noise_wait_seconds:
            return True
        allowed = latency.noise_doubt * (latency.noise_wait_seconds / seconds) ** 2
        return self.noise.doubt(math.log(latency.noise_beyond)) > allowed

    def unproven(self) -> list[str]:
        """Names of the PASS questions of required metrics that are not answered yet."""
        table = self.table
        open_ = self._required & (self.processes.log_wealth < -math.log(self.policy.beta))
        if self._expected is not None:
            edge = table.null.times[:, 0] * self._expected.live[:, 0] + table.null.plus[:, 0]
            open_ &= edge < POSSIBLE
        return [table.names[i] for i in np.flatnonzero(open_)]

    def decision(self) -> Decision:
        """The verdict's decision alone."""
        if self.failed is not None:
            return Decision.FAIL
        return Decision.HOLD if self.waits_for() else Decision.PASS

    def verdict(self, set_aside: dict[str, int] | None = None) -> Verdict:
        """The verdict now, with its reasons; `set_aside` counts windows that could not be used, by cause."""
        if self.failed is not None:
            return replace(self.failed, set_aside=set_aside or {})
        waits = self.waits_for()
        if waits:
            found = self._verdict(Decision.HOLD, "PASS waits for " + "; ".join(waits))
        else:
            found = self._verdict(Decision.PASS, self._passes())
        return replace(found, set_aside=set_aside or {})

    def _passes(self) -> str:
        """What a PASS rests on, and what nobody saw."""
        if self.policy.by == "windows":
            return BY_WINDOWS
        mine, theirs = (int(count) for count in self.captured)
        if mine and theirs:
            return BY_INVOCATIONS_AND_CAPTURES.format(mine=mine, theirs=theirs, percent=self.policy.captured)
        none = NONE_CAPTURED.format(mine=mine, theirs=theirs) if self.policy.captured else ""
        return BY_INVOCATIONS + none

    def waits_for(self) -> list[str]:
        """What PASS lacks, in words; empty when nothing."""
        policy, raw = self.policy, self._requests()
        seconds = self.shared * policy.block_seconds
        waits = []
        if raw[0].sum() == 0:
            return ["any request that the candidate answered beside live"]
        if self.stale * policy.block_seconds >= policy.fresh_seconds:
            waits.append(f"evidence: none of both variants for {self.stale * policy.block_seconds:g} s")
        unseen = self.uncaptured * policy.block_seconds
        if {*policy.require} & {*SEEN_BY_CAPTURES} and policy.captured and unseen >= policy.fresh_seconds:
            waits.append(f"captured answers: none of both variants for {unseen:g} s")
        if raw[0].sum() < policy.min_requests:
            waits.append(f"{policy.min_requests - raw[0].sum():.0f} more requests of the candidate")
        if seconds < policy.min_seconds:
            waits.append(f"{policy.min_seconds - seconds:g} s more of both variants")
        unproven = self.unproven()
        if unproven:
            waits.append("proof of " + ", ".join(unproven))
        share_c, share_b = raw[0, 1] / raw[0].sum(), raw[1, 1] / max(raw[1].sum(), 1)
        if share_c > self._margin.pass_times * share_b + self._margin.pass_plus:
            waits.append("errors in bursts to thin out")
        if self.log_fail() > 0:
            waits.append("a suspicion to clear")
        return waits

    def _verdict(self, decision: Decision, because: str) -> Verdict:
        seconds = self.shared * self.policy.block_seconds
        spread = np.ones(len(self._weights)) if self._expected is None else self._expected.spread[:, 0]
        told = reasons(self.processes, self._shares(), self.policy, spread, self.counted)
        mine, theirs = self._requests().sum(axis=1)
        return Verdict(decision, because, seconds, int(mine), int(theirs), told)

    def _requests(self) -> Array:
        """Requests without and with an error, of candidate and live, (2, 2), where both answered."""
        return self.counted[:, self._answers.start : self._answers.stop]

    def _errors_abound(self, live: Counts) -> bool:
        ok, errors = live[self._answers.start : self._answers.stop]
        return bool(errors >= 5 and errors > INCIDENT_ERRORS * (ok + errors))


def _total(view: View, source: int, row: NDArray[np.int64]) -> float:
    return float(view.sums[source, row[-1]] - view.sums[source, row[0]])


def _rank(view: View, source: int, row: NDArray[np.int64]) -> float:
    """Mean rank of one source's latencies among the edges of `row`: the mean share that lies above them."""
    sums = view.sums[source]
    start, stop = SPANS["latency"].start, SPANS["latency"].stop
    inner = np.minimum(np.maximum(row[1:-1], start), stop)
    below = float(sums[inner].sum()) / inner.size
    return float((sums[stop] - below) / (sums[stop] - sums[start]))


def judge(blocks: Iterable[Block], policy: Policy) -> Verdict:
    """The verdict on all evidence so far."""
    fold = Judge(policy)
    for block in blocks:
        fold.add(block)
    return fold.verdict()
