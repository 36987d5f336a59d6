"""Evidence to a verdict: the fold over blocks, and the rules of PASS, FAIL and HOLD.

`judge(evidence, policy)` is a pure function. `Judge` is the same fold, kept between blocks by whoever asks
every few seconds. FAIL is final. It knows neither AWS nor the time: a block is what happened to both variants
in the same few seconds.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from release.judge.cells import SPANS, Counts
from release.judge.noise import Noise
from release.judge.policy import Policy
from release.judge.process import (
    CANDIDATE_MEMORY_SECONDS,
    Levels,
    Processes,
    Reference,
    Table,
    find_quantiles,
    prefix_sums,
)
from release.judge.questions import questions
from release.judge.reasons import reasons
from release.judge.verdict import Decision, Verdict

Array = NDArray[np.float64]

INCIDENT_ERRORS = 0.05
"""Live is in an incident when this share of its requests fails ..."""
INCIDENT_RANK = 0.78
"""... or the mean rank of its latencies among its past ones is above this."""
POSSIBLE = 0.999
"""A mean cannot be beyond a PASS margin above this: there is nothing to prove."""
LOG_STEP = math.log(1.02)
SLOPE_BINS = 2
"""Bins to either side over which the slope of the mean rank is taken."""


@dataclass(frozen=True)
class Block:
    """What both variants counted in the same seconds (release/judge/cells.py)."""

    candidate: Counts
    live: Counts


class Judge:
    """The fold. `add` blocks in order of time, ask for `verdict` whenever you like."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.table = Table(questions(policy))
        self.processes = Processes(self.table, policy.block_seconds)
        self.live = Reference(policy.block_seconds)
        self.candidate = Reference(policy.block_seconds, CANDIDATE_MEMORY_SECONDS)
        latency = policy.latency
        self.noise = Noise(latency.noise, latency.noise_seconds, policy.block_seconds)
        self.blocks = self.shared = self.stale = 0
        self.raw = np.zeros((2, 2))
        self.failed: Verdict | None = None
        self._body = [q.name for q in self.table.questions].index("body")
        self._weights = self._log_weights()
        self._spread = np.ones(len(self.table.questions))
        self._possible = np.ones(len(self.table.questions), dtype=bool)

    def _log_weights(self) -> Array:
        weights = np.array([q.weight for q in self.table.questions])
        with np.errstate(divide="ignore"):
            return np.log(weights / weights.sum())

    def add(self, block: Block) -> None:
        """Take the next block into account. A block that lacks a variant carries no evidence."""
        self.blocks += 1
        span = SPANS["requests"]
        both = block.candidate[span.start : span.stop].sum() > 0 < block.live[span.start : span.stop].sum()
        if block.candidate.any():
            self._compare(block)
        if both:
            self.shared += 1
            self.stale = 0
            self.raw += [block.candidate[span.start : span.stop], block.live[span.start : span.stop]]
        else:
            self.stale += 1
        self.live.learn(block.live)
        self.candidate.learn(block.candidate)
        if self.failed is None and self.log_fail() >= -math.log(self.policy.alpha):
            self.failed = self._verdict(Decision.FAIL, self._what_failed())

    def _compare(self, block: Block) -> None:
        table = self.table
        past, past_c = self.live.prefix(), self.candidate.prefix()
        edges_c, edges_b = table.edges(find_quantiles(table, past))
        seen_c, seen_b = prefix_sums(block.candidate), prefix_sums(block.live)
        levels = Levels(np.diff(seen_c[edges_c]), np.diff(seen_b[edges_b]))
        live, spread = self._expected(np.diff(past[edges_b]))
        self._spread = spread[:, 0]
        self._possible = (table.null.times * live + table.null.plus)[:, 0] < POSSIBLE
        alike, _ = self._expected(np.diff(past[edges_c]))
        own, _ = self._expected(np.diff(past_c[edges_c]))
        ready = self._ready(past)
        ok, errors = block.live[SPANS["requests"].start : SPANS["requests"].stop]
        calm = not (errors >= 5 and errors > INCIDENT_ERRORS * (ok + errors))
        calm = self._watch(levels, seen_c, edges_b, past, bool(ready[self._body]), calm)
        self.processes.add(levels, live, spread, self._targets(live, alike, own), ready, calm)

    def _expected(self, levels: Array) -> tuple[Array, Array]:
        """Mean (Q, 1) of the values over past counts, and their variance as a share of mean (1 - mean)."""
        v = self.table.values
        n = levels.sum(axis=1)
        mean = ((levels * v).sum(axis=1) + 0.25) / (n + 1)
        mean = np.minimum(np.maximum(mean, 1e-5), 0.995)
        square = ((levels * v * v).sum(axis=1) + 0.25) / (n + 1)
        spread = np.minimum(np.maximum((square - mean**2) / (mean * (1 - mean)), 0.02), 1.0)
        return mean[:, None], np.where(self.table.binary, 1.0, spread[:, None])

    def _targets(self, live: Array, alike: Array, own: Array) -> Array:
        """Alternatives (Q, K): odds around the null (FAIL) or around live (PASS), and the candidate's past."""
        null = self.table.null
        edge = np.minimum(null.times * live + null.plus, 0.98)
        base = np.where(null.side > 0, edge, alike)
        odds = base / (1 - base) * self.table.odds
        return np.hstack([odds / (1 + odds), own])

    def _ready(self, past: Array) -> NDArray[np.bool_]:
        """Which questions have a reference."""
        enough = {
            group: past[SPANS[group].stop] - past[SPANS[group].start] >= self.policy.history_requests
            for group in ("latency", "score")
        }
        return np.array([not q or enough[g] for q, g in self.table.history])

    def _watch(
        self, levels: Levels, seen_c: Array, edges_b: NDArray[np.int64], past: Array, ready: bool, calm: bool
    ) -> bool:
        """Follow the noise between the variants; say whether live is calm."""
        row = edges_b[self._body]
        v = self.table.values[self._body]
        h_b, h_c = levels.live[self._body], np.diff(seen_c[row])
        n_b, n_c = h_b.sum(), h_c.sum()
        if not ready or n_b == 0:
            return calm
        mean_b = float(h_b @ v / n_b)
        if n_c > 0:
            inner = row[1:-1]
            near, far = (
                float(np.diff(past[np.hstack([row[0], inner + step, row[-1]])]) @ v)
                for step in (-SLOPE_BINS, SLOPE_BINS)
            )
            total = past[row[-1]] - past[row[0]]
            slope = max((near - far) / total / (2 * SLOPE_BINS * LOG_STEP), 0.05)
            variance = float(h_b @ v**2 / n_b - mean_b**2) + 0.01
            self.noise.add((float(h_c @ v / n_c) - mean_b) / slope, variance * (1 / n_c + 1 / n_b) / slope**2)
        return calm and not (n_b >= 20 and mean_b > INCIDENT_RANK)

    def log_fail(self) -> float:
        """Log of the weighted sum of the FAIL e-processes that may count now."""
        wealth = self.processes.log_wealth() + self._weights
        if self.noise.doubt(math.log(self.policy.latency.body.fail)) > self.policy.latency.noise_doubt:
            wealth[self._body] = -np.inf
        return float(np.logaddexp.reduce(wealth))

    def unproven(self) -> list[str]:
        """Names of the PASS questions of required metrics that are not answered yet."""
        wealth = self.processes.log_wealth()
        need = -math.log(self.policy.beta)
        return [
            q.name
            for q, value, possible in zip(self.table.questions, wealth, self._possible, strict=True)
            if q.side < 0 and q.metric in self.policy.require and value < need and possible
        ]

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
            found = self._verdict(Decision.PASS, "every required metric is proven within its PASS margin")
        return replace(found, set_aside=set_aside or {})

    def waits_for(self) -> list[str]:
        """What PASS lacks, in words; empty when nothing."""
        policy, raw = self.policy, self.raw
        seconds = self.shared * policy.block_seconds
        waits = []
        if raw[0].sum() == 0:
            return ["any request that the candidate answered beside live"]
        if self.stale * policy.block_seconds >= policy.fresh_seconds:
            waits.append(f"evidence: none of both variants for {self.stale * policy.block_seconds:g} s")
        if raw[0].sum() < policy.min_requests:
            waits.append(f"{policy.min_requests - raw[0].sum():.0f} more requests of the candidate")
        if seconds < policy.min_seconds:
            waits.append(f"{policy.min_seconds - seconds:g} s more of both variants")
        unproven = self.unproven()
        if unproven:
            waits.append("proof of " + ", ".join(unproven))
        share_c, share_b = raw[0, 1] / raw[0].sum(), raw[1, 1] / max(raw[1].sum(), 1)
        if share_c > policy.errors.pass_times * share_b + policy.errors.pass_plus:
            waits.append("errors in bursts to thin out")
        if self.log_fail() > 0:
            waits.append("a suspicion to clear")
        return waits

    def _what_failed(self) -> str:
        wealth = self.processes.log_wealth() + self._weights
        worst = self.table.questions[int(np.nanargmax(wealth))]
        return f"{worst.metric}: {worst.name} is beyond its FAIL margin"

    def _verdict(self, decision: Decision, because: str) -> Verdict:
        seconds = self.shared * self.policy.block_seconds
        told = reasons(self.processes, self._weights, self.policy, self._spread)
        return Verdict(decision, because, seconds, int(self.raw[0].sum()), int(self.raw[1].sum()), told)


def judge(blocks: Iterable[Block], policy: Policy) -> Verdict:
    """The verdict on all evidence so far."""
    fold = Judge(policy)
    for block in blocks:
        fold.add(block)
    return fold.verdict()
