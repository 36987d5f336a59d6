"""Seeded streams of requests of live and candidate, as counts per 5 s block.

Arrivals are Poisson with a daily swing and an autocorrelated rate; latencies a mixture of three log-normals
with drift and spikes common to both variants; errors and scores drift too. `Change` says what the candidate
adds. Every request is drawn: nothing is approximated by its mean.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from bench.judge.servers import Server, silent, slowed
from release.judge.counting import Requests, count

BLOCK = 5.0
HISTORY = 60.0
"""Seconds of live alone before the candidate."""
DURATION = 1800.0
MEDIANS, SPREADS, WEIGHTS = (0.065, 0.120, 0.330), (0.30, 0.40, 0.45), (0.85, 0.135, 0.015)
BASE_ERRORS = 0.001

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """What a scenario does. Defaults do nothing."""

    errors: float | None = None
    """The candidate's error rate instead of the base."""
    base_errors: float = BASE_ERRORS
    errors_line: tuple[float, float] | None = None
    """The candidate's error rate as (times, plus) of live's at the same moment."""
    latency: float = 1.0
    """Factor on all of the candidate's latencies."""
    tail: float = 1.0
    """Factor on the slowest component."""
    widen: float = 1.0
    """Factor on the log-sd of each component."""
    slow_share: float = 0.0
    """Share of the candidate's requests at 100x."""
    slow_minutes: float = 0.0
    """Probability that a whole minute is at 100x."""
    score: float = 0.0
    """Shift on the logit."""
    constant: float | None = None
    invalid: float = 0.0
    incident: bool = False
    gaps: bool = False
    drift: float = 0.0
    """Sd of a log factor on the candidate's latencies that wanders for 300 s."""
    bursts: float = 0.0
    """Bursts per request: up to 20 requests of one variant in a row fail."""
    onset: float = 0.0
    """Seconds until the change begins."""
    skew: float = 0.0
    """Seconds by which the candidate's clock is ahead, or live's, where negative."""
    traffic: int | None = None
    """Candidate requests in all."""
    server: Server = field(default_factory=Server)
    """What both run on."""


@dataclass(frozen=True)
class Stream:
    """Requests of one variant, in order of time."""

    time: Floats
    error: NDArray[np.bool_]
    latency: Floats
    score: Floats


@dataclass(frozen=True)
class Run:
    """Both variants; `lost_*` are blocks whose telemetry never came."""

    live: Stream
    candidate: Stream
    lost_live: NDArray[np.bool_]
    lost_candidate: NDArray[np.bool_]


def wander(rng: np.random.Generator, seconds: int, sd: float, memory: float) -> Floats:
    """A stationary autoregression, one value a second."""
    keep = np.exp(-1 / memory)
    noise = rng.normal(0, sd * np.sqrt(1 - keep**2), seconds)
    noise[0] = rng.normal(0, sd)
    return np.array(list(accumulate(noise.tolist(), lambda last, new: new + float(keep) * last)))


def draw(seed: int, rate: float, weight: float, change: Change, duration: float = DURATION) -> Run:
    """One run: `rate` requests/s in all, of which the candidate gets `weight`."""
    rng = np.random.default_rng(seed)
    seconds = int(HISTORY + duration)
    clock = np.arange(seconds)
    swing = 1 + 0.3 * np.sin(2 * np.pi * (clock / 7200 + rng.random()))
    arrivals = rng.poisson(rate * swing * np.exp(wander(rng, seconds, 0.3, 30) - 0.045))
    time = np.repeat(clock, arrivals) + rng.random(int(arrivals.sum()))
    time.sort()
    is_candidate = (rng.random(time.size) < weight) & (time >= HISTORY)
    if change.traffic is not None:
        chosen = rng.choice(np.flatnonzero(time >= HISTORY), change.traffic, replace=False)
        is_candidate = np.zeros(time.size, dtype=bool)
        is_candidate[chosen] = True
    second = time.astype(np.int64)
    common = _common(rng, seconds, change)
    changed = is_candidate & (time >= HISTORY + change.onset)
    error = _errors(rng, change, changed, is_candidate, common["errors"][second], common["added"][second])
    latency = _latency(rng, change, changed, second, seconds) * common["latency"][second]
    latency = np.where(error, 0.6 * latency, latency)
    own = np.random.default_rng((seed, 1))
    restarts, scaling = own.uniform(HISTORY + 30, seconds, 2), float(own.uniform(HISTORY + 30, seconds))
    latency = slowed(own, change.server, time, is_candidate, latency, (restarts, scaling))
    gone = silent(change.server, time, is_candidate, restarts)
    score = _score(rng, change, changed, common["score"][second])
    lost = _gaps(rng, change, seconds)
    masks = (~is_candidate & ~gone, is_candidate & ~gone)
    streams = [Stream(time[m], error[m], latency[m], score[m]) for m in masks]
    if change.skew:
        ahead = int(change.skew > 0)
        shifted = np.minimum(streams[ahead].time + abs(change.skew), seconds - 1e-3)
        streams[ahead] = replace(streams[ahead], time=shifted)
    return Run(*streams, *lost)


def _common(rng: np.random.Generator, seconds: int, change: Change) -> dict[str, Floats]:
    latency = np.exp(wander(rng, seconds, 0.08, 300))
    for start in np.flatnonzero(rng.random(seconds) < 1 / 600):
        latency[start : start + 10] *= 1.6
    added = np.zeros(seconds)
    if change.incident:
        start = int(HISTORY + rng.random() * (seconds - HISTORY - 300))
        stop = start + int(rng.uniform(120, 300))
        added[start:stop] = 0.15
        latency[start:stop] *= 2.5
    errors = change.base_errors * np.exp(wander(rng, seconds, 0.35, 200))
    return {"latency": latency, "errors": errors, "added": added, "score": wander(rng, seconds, 0.10, 600)}


def _errors(
    rng: np.random.Generator,
    change: Change,
    changed: NDArray[np.bool_],
    is_candidate: NDArray[np.bool_],
    base: Floats,
    added: Floats,
) -> NDArray[np.bool_]:
    rate = base
    if change.errors is not None:
        # The drift is common: it multiplies the candidate's own rate too.
        relative = base / change.base_errors if change.base_errors else np.ones_like(base)
        rate = np.where(changed, np.minimum(change.errors * relative, 1.0), base)
    if change.errors_line is not None:
        times, plus = change.errors_line
        rate = np.where(changed, times * base + plus, base)
    error = rng.random(base.size) < rate + added
    if change.bursts:
        for variant in (is_candidate, ~is_candidate):
            own = np.flatnonzero(variant)
            for start in np.flatnonzero(rng.random(own.size) < change.bursts):
                error[own[start : start + rng.integers(1, 21)]] = True
    return error


def _latency(
    rng: np.random.Generator,
    change: Change,
    changed: NDArray[np.bool_],
    second: NDArray[np.int64],
    seconds: int,
) -> Floats:
    component = np.searchsorted(np.cumsum(WEIGHTS)[:2], rng.random(changed.size))
    spread = np.array(SPREADS)[component] * np.where(changed, change.widen, 1.0)
    latency = np.array(MEDIANS)[component] * np.exp(spread * rng.normal(size=changed.size))
    factor = np.ones(changed.size)
    factor[changed & (component == 2)] *= change.tail
    factor[changed] *= change.latency
    if change.slow_share:
        factor[changed & (rng.random(changed.size) < change.slow_share)] *= 100
    if change.slow_minutes:
        slow = rng.random(seconds // 60 + 1) < change.slow_minutes
        factor[changed & slow[second // 60]] *= 100
    if change.drift:
        factor[changed] *= np.exp(wander(rng, seconds, change.drift, 300))[second[changed]]
    return latency * factor


def _score(rng: np.random.Generator, change: Change, changed: NDArray[np.bool_], drift: Floats) -> Floats:
    logit = rng.normal(size=changed.size) - 1 + drift + change.score * changed
    score = 1 / (1 + np.exp(-logit))
    if change.constant is not None:
        score[changed] = change.constant
    if change.invalid:
        score[changed & (rng.random(changed.size) < change.invalid)] = np.nan
    return score


def _gaps(
    rng: np.random.Generator, change: Change, seconds: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    minutes = seconds // 60 + 1
    both, own = np.zeros(minutes, dtype=bool), np.zeros(minutes, dtype=bool)
    if change.gaps:
        both, own = rng.random(minutes) < 0.15, rng.random(minutes) < 0.20
        both[0] = own[0] = False
    per_block = np.arange(int(seconds / BLOCK)) * int(BLOCK) // 60
    return both[per_block], (both | own)[per_block]


def counts(stream: Stream, lost: NDArray[np.bool_]) -> Floats:
    """The stream as windows of BLOCK seconds, shape (blocks, CELLS); lost ones are empty."""
    block = (stream.time // BLOCK).astype(np.int64)
    table = count(Requests(block, stream.error, stream.latency, stream.score), lost.size)
    table[lost] = 0
    return table


def swapped(run: Run) -> Run:
    """The same run with the roles of the variants exchanged."""
    return replace(run, live=run.candidate, candidate=run.live)


Draw = Callable[[int], Run]
