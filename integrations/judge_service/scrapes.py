"""Counters that Prometheus scraped of both variants, as windows by the minute. Pure.

What a minute brings is what each pod's counters grew by, as whole numbers: `increase()` extrapolates, and the
judge counts requests. The container's buckets (`slipway_request_seconds`) are wider than a window's bins, so
latency is judged as it is by invocations (docs/judge.md): by thresholds, of which the candidate's lies one
higher than live's. That tolerates a slow-down by a quarter only where neighbouring thresholds lie at least
that far apart; buckets that lie closer are put together. The latency objective has to be one of them.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
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
    started: Mapping[str, float] = field(default_factory=dict)
    """When the last worker of each pod started, seconds since 1970: all begin, and count, together."""


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


def shared(scrapes: Iterable[Scrape]) -> set[float]:
    """The buckets that every pod has: a release with other ones is compared by those of both."""
    by_pod: dict[str, set[float]] = {}
    for scrape in scrapes:
        for pod, le in scrape.buckets:
            by_pod.setdefault(pod, set()).add(float(le))
    return set.intersection(*by_pod.values()) if by_pod else set()


def window(
    variant: str, end: float, before: Scrape, after: Scrape, objective: float, bounds: Collection[float]
) -> dict[str, Any]:
    """What the minute until `end` brought, its latency by these buckets. Raises NoObjective."""
    began = end - INVOCATION_SECONDS
    new = {pod for pod, started in after.started.items() if started >= began}
    requests = _growth(before.requests, after.requests, new)
    errors = sum(count for status, count in requests.items() if status.startswith("5"))
    buckets = _growth(before.buckets, after.buckets, new)
    grown = {float(le): count for le, count in buckets.items() if float(le) in bounds}
    service = {"requests": sum(requests.values()), "errors": errors}
    return {
        "schema": SCHEMA,
        "id": f"prometheus-{variant}-{end:.0f}",
        "variant": variant,
        "start": began,
        "end": end,
        "service": service,
        **({"pace": _pace(grown, objective)} if any(grown.values()) else {}),
    }


def _growth(
    before: Mapping[tuple[str, str], float], after: Mapping[tuple[str, str], float], new: Collection[str]
) -> Counter[str]:
    """What all pods' counters grew by, as whole numbers, by their second label.

    One that began anew counts from 0. Of a pod that is not new and has no value before, the history would
    count as this minute's: it counts from the next minute on.
    """
    known = {pod for pod, _ in before}
    grown: Counter[str] = Counter()
    for (pod, label), value in after.items():
        least = before.get((pod, label), 0.0)
        if pod in new or value < least:
            grown[label] += round(value)
        elif pod in known:
            grown[label] += round(value - least)
    return grown


def _pace(grown: Mapping[float, int], objective: float) -> dict[str, list[int]]:
    """The histogram between the thresholds: the objective is where the slow bins begin."""
    edges = thresholds((bound for bound in grown if bound < math.inf), objective)
    below = [grown[edge] for edge in edges]
    total = grown[math.inf]
    counts = [below[0], *(high - low for low, high in zip(below, [*below[1:], total], strict=True))]
    first = PACE_SLOW - 1 - edges.index(objective)
    filled = {first + index: max(count, 0) for index, count in enumerate(counts) if count > 0}
    return {"bins": list(filled), "counts": list(filled.values())}
