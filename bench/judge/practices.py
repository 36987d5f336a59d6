"""Four practices of today on the same streams, re-created from their public documentation.

Each sees a metric per minute of candidate and live, without the loss of precision of bins, and is
configured as its own documentation shows; where that leaves a threshold to the user, it gets the one that a
stage here has for its alarms (errors 1 %, p99 500 ms). Deciding is immediate at the end of a minute: no
collection delay is added. These are models of the rules, not the products; docs/judge.md lists what each
leaves out.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.judge.streams import BLOCK, DURATION, HISTORY, Run, Stream
from bench.judge.trial import Outcome

Floats = NDArray[np.float64]
MINUTES = int(DURATION // 60)
MAX_ERRORS, MAX_P99 = 0.01, 0.5


@dataclass(frozen=True)
class Minutes:
    """One variant by minute, NaN where nothing was seen; arrays of MINUTES values."""

    requests: Floats
    errors: Floats
    p50: Floats
    p99: Floats
    score: Floats


def minutes(stream: Stream, lost: NDArray[np.bool_]) -> Minutes:
    """The metrics of a variant from the moment that the candidate may have traffic."""
    kept = ~lost[(stream.time // BLOCK).astype(np.int64)] & (stream.time >= HISTORY)
    minute = ((stream.time[kept] - HISTORY) // 60).astype(np.int64)
    bounds = np.searchsorted(minute, np.arange(MINUTES + 1))
    columns = np.full((5, MINUTES), np.nan)
    columns[0] = np.diff(bounds)
    error, latency, score = stream.error[kept], stream.latency[kept], stream.score[kept]
    for i in range(MINUTES):
        part = slice(bounds[i], bounds[i + 1])
        if columns[0, i]:
            columns[1, i] = error[part].mean()
            columns[2:4, i] = np.quantile(latency[part], (0.5, 0.99))
            finite = score[part][np.isfinite(score[part])]
            columns[4, i] = finite.mean() if finite.size else np.nan
    return Minutes(*columns)


def cloudwatch(live: Minutes, candidate: Minutes) -> Outcome:
    """SageMaker deployment guardrails with alarms: any alarm rolls back, silence is success.

    Alarms on the share of 5xx and on the p99 of ModelLatency, period 60 s, 2 of 2 datapoints, missing data
    not breaching; ten minutes of baking. An optimistic model: a guardrail's alarms see both fleets of a
    variant together, these see the candidate alone.
    """
    either = [_twice(candidate.errors > MAX_ERRORS), _twice(candidate.p99 > MAX_P99)]
    for i in range(10):
        if any(alarm[i] for alarm in either):
            return _failed(i, candidate)
    return _passed(9, candidate)


def _twice(breach: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return breach & np.concatenate([[False], breach[:-1]])


def flagger(live: Minutes, candidate: Minutes) -> Outcome:
    """Flagger: interval 1m, threshold 5, ten iterations; success rate >= 99 %, p99 <= 500 ms.

    A metric without values is a failed check, as its documentation says; failed checks never expire.
    """
    failed = good = 0
    for i in range(MINUTES):
        if candidate.requests[i] and candidate.errors[i] <= MAX_ERRORS and candidate.p99[i] <= MAX_P99:
            good += 1
        else:
            failed += 1
        if failed >= 5:
            return _failed(i, candidate)
        if good >= 10:
            return _passed(i, candidate)
    return Outcome()


def argo(live: Minutes, candidate: Minutes) -> Outcome:
    """Argo Rollouts' analysis: success rate >= 95 % as in its guide, p99 <= 500 ms; ten measurements a
    minute apart.

    failureLimit 3 per metric; a measurement without data is an error, and more than four in a row abort.
    """
    failures, silent = np.zeros(2), 0
    for i in range(10):
        if candidate.requests[i]:
            silent = 0
            failures += [candidate.errors[i] > 0.05, candidate.p99[i] > MAX_P99]
        else:
            silent += 1
        if failures.max() > 3 or silent > 4:
            return _failed(i, candidate)
    return _passed(9, candidate)


def kayenta(live: Minutes, candidate: Minutes) -> Outcome:
    """Kayenta's NetflixACAJudge: Mann-Whitney at 98 %, tolerance .25, every 5 minutes over 30, growing
    window.

    Metrics: errors (critical, increase), p50 and p99 (increase), mean score (either). The share of metrics
    that pass is the score: below 75 it stops, at the end it needs 95. Minutes without data are left out;
    more than half of the metrics without data score 0.
    """
    for end in range(5, MINUTES + 1, 5):
        score = _kayenta_score(live, candidate, end)
        if score < 75:
            return _failed(end - 1, candidate)
    return _passed(MINUTES - 1, candidate) if score >= 95 else _failed(MINUTES - 1, candidate)


def _kayenta_score(live: Minutes, candidate: Minutes, end: int) -> float:
    results = []
    for name, either in (("errors", False), ("p50", False), ("p99", False), ("score", True)):
        mine, theirs = (getattr(side, name)[:end] for side in (candidate, live))
        mine, theirs = mine[np.isfinite(mine)], theirs[np.isfinite(theirs)]
        if not (mine.size and theirs.size):
            results.append(None)
            continue
        result = _mann_whitney(mine, theirs)
        bad = result > 0 or (either and result != 0)
        if bad and name == "errors":
            return 0.0
        results.append(not bad)
    known = [r for r in results if r is not None]
    return 0.0 if len(known) < len(results) / 2 or not known else 100 * sum(known) / len(known)


def _mann_whitney(mine: Floats, theirs: Floats) -> int:
    """1 for high, -1 for low, 0 for neither: the 98 % interval of the shift against a quarter of its
    estimate."""
    shifts = np.sort((mine[:, None] - theirs[None, :]).ravel())
    if shifts[0] == shifts[-1] == 0:
        return 0
    n, m = mine.size, theirs.size
    rank = max(1, math.ceil(n * m / 2 - 2.326 * math.sqrt(n * m * (n + m + 1) / 12)))
    low, high = shifts[rank - 1], shifts[n * m - rank]
    tolerated = 0.25 * abs(np.median(shifts))
    return 1 if low > tolerated else -1 if high < -tolerated else 0


def _failed(minute: int, candidate: Minutes) -> Outcome:
    return Outcome(failed=60.0 * (minute + 1), failed_requests=int(candidate.requests[: minute + 1].sum()))


def _passed(minute: int, candidate: Minutes) -> Outcome:
    return Outcome(passed=60.0 * (minute + 1), passed_requests=int(candidate.requests[: minute + 1].sum()))


PRACTICES: dict[str, Callable[[Minutes, Minutes], Outcome]] = {
    "CloudWatch alarms": cloudwatch,
    "Flagger": flagger,
    "Argo Rollouts": argo,
    "Kayenta": kayenta,
}


def practiced(run: Run) -> dict[str, Outcome]:
    """All four on one run."""
    live, candidate = minutes(run.live, run.lost_live), minutes(run.candidate, run.lost_candidate)
    return {name: rule(live, candidate) for name, rule in PRACTICES.items()}
