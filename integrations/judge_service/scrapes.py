"""Counters that Prometheus scraped of both variants, as windows by the minute. Pure.

What a minute brings is what each pod's counters grew by, as whole numbers: `increase()` extrapolates, and the
judge counts requests. The container's buckets (`slipway_request_seconds`) are wider than a window's bins, so
latency is judged as it is by invocations (docs/judge.md): by thresholds, of which the candidate's lies one
higher than live's. That tolerates a slow-down by a quarter only where neighbouring thresholds lie at least
that far apart; buckets that lie closer are put together. The latency objective has to be one of them.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from release.domain.policy import INVOCATION_SECONDS
from release.judge.cells import PACE_BINS, PACE_SLOW, PACE_STEP, SCHEMA

LEAST = 0.02
"""Neighbouring thresholds lie this share of the objective apart at least, as the judge tolerates it."""
_EXACT = 1 - 1e-9


class NoObjective(ValueError):
    """The objective is no bound of the buckets."""


@dataclass(frozen=True)
class Scrape:
    """The counters of one variant's pods at one moment: by pod and status, and by pod and bucket."""

    requests: Mapping[tuple[str, str], float]
    buckets: Mapping[tuple[str, str], float]
    """Cumulative, by pod and the text of `le`."""


def thresholds(bounds: Iterable[float], objective: float) -> list[float]:
    """The bounds to judge by, rising; seconds. Raises NoObjective."""
    known = sorted(set(bounds))
    if objective not in known:
        told = ", ".join(f"{bound:g}" for bound in known)
        raise NoObjective(f"the latency objective, {objective:g} s, is none of the buckets: {told}")
    above, below = [objective], [objective]
    for bound in (each for each in known if each > objective):
        if _apart(above[-1], bound, objective):
            above.append(bound)
    for bound in reversed([each for each in known if each < objective]):
        if _apart(bound, below[-1], objective):
            below.append(bound)
    most_below, most_above = PACE_SLOW, PACE_BINS - PACE_SLOW
    return [*reversed(below[1:most_below]), *above[:most_above]]


def _apart(low: float, high: float, objective: float) -> bool:
    return high >= _EXACT * PACE_STEP * low and high - low >= _EXACT * LEAST * objective


def window(variant: str, end: float, before: Scrape, after: Scrape, objective: float) -> dict[str, Any]:
    """What the minute until `end` brought. Raises NoObjective."""
    requests: Counter[str] = Counter()
    for (pod, status), value in after.requests.items():
        requests[status] += _grown(before.requests.get((pod, status), 0.0), value)
    errors = sum(count for status, count in requests.items() if status.startswith("5"))
    grown: Counter[float] = Counter()
    for (pod, le), value in after.buckets.items():
        grown[float(le)] += _grown(before.buckets.get((pod, le), 0.0), value)
    service = {"requests": sum(requests.values()), "errors": errors}
    return {
        "schema": SCHEMA,
        "id": f"prometheus-{variant}-{end:.0f}",
        "variant": variant,
        "start": end - INVOCATION_SECONDS,
        "end": end,
        "service": service,
        **({"pace": _pace(grown, objective)} if any(grown.values()) else {}),
    }


def _grown(before: float, after: float) -> int:
    """What a counter grew by; one that began anew counts from 0."""
    return round(after if after < before else after - before)


def _pace(grown: Mapping[float, int], objective: float) -> dict[str, list[int]]:
    """The histogram between the thresholds: the objective is where the slow bins begin."""
    edges = thresholds((bound for bound in grown if bound < math.inf), objective)
    below = [grown[edge] for edge in edges]
    total = grown[math.inf]
    counts = [below[0], *(high - low for low, high in zip(below, [*below[1:], total], strict=True))]
    first = PACE_SLOW - 1 - edges.index(objective)
    filled = {first + index: max(count, 0) for index, count in enumerate(counts) if count > 0}
    return {"bins": list(filled), "counts": list(filled.values())}
