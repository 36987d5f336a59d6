"""Prometheus, asked once a minute for the counters of every open rollout's pods.

What cannot be read is no evidence: the minute is missing, and after some of them no PASS is given any more.
"""

import json
import math
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from integrations.judge_service.keys import Key
from integrations.judge_service.rollout import NotOpen
from integrations.judge_service.rollouts import Rollouts
from integrations.judge_service.scrapes import Scrape, shared, window
from release.domain.policy import INVOCATION_SECONDS

SETTLED_SECONDS = 25.0
"""So long after a minute it is taken for scraped."""
MOST_BEHIND = 3600.0
"""Minutes longer ago than this are not made up for."""
TIMEOUT_SECONDS = 10.0
MOST_ANSWER = 16 * 2**20
"""Bytes of an answer."""
# At the marker that a missed scrape leaves, a series alone has no value; over five minutes it has its last
# one, also after its pod died. Of a pod that two jobs scrape, each counter is there twice.
REQUESTS = (
    "sum by (pod, status) (max by (pod, path, status) (last_over_time("
    'slipway_requests_total{{path=~"invocations|infer|unread",{pods}}}[5m])))'
)
BUCKETS = "max by (pod, le) (last_over_time(slipway_request_seconds_bucket{{{pods}}}[5m]))"
STARTED = "max by (pod) (last_over_time(slipway_worker_start_time_seconds{{{pods}}}[5m]))"
OF_REPLICA_SET, OF_POD = "[a-z0-9]+", "[a-z0-9]{5}"
"""What Kubernetes puts after the name of a Deployment, and of a ReplicaSet: no other workload's pods fit."""


class Pods(StrEnum):
    """By whose names the pods of the two variants are told apart."""

    ARGO = "argo"
    """A Rollout's ReplicaSets are called NAME-HASH."""
    FLAGGER = "flagger"
    """The primary is a Deployment of its own, NAME-primary."""


class Unanswered(Exception):
    """Prometheus did not answer with counters."""


@dataclass(frozen=True)
class Source:
    """A Prometheus, and how its counters are read; the objective is in seconds."""

    address: str
    pods: Pods
    objective: float


def matchers(key: Key, pods: Pods) -> dict[str, str]:
    """The label matchers of each variant's pods."""
    name, checksum = (text.replace(".", "[.]") for text in (key.of.name, key.checksum))
    one = f"{name}-{checksum}-{OF_POD}" if pods is Pods.ARGO else f"{name}-primary-{OF_REPLICA_SET}-{OF_POD}"
    apart = f'pod=~"{one}"'
    rest = f'pod=~"{name}-{OF_REPLICA_SET}-{OF_POD}",pod!~"{one}"'
    namespace = f'namespace="{key.of.namespace}",'
    candidate, live = (apart, rest) if pods is Pods.ARGO else (rest, apart)
    return {"live": namespace + live, "candidate": namespace + candidate}


def minute(source: Source, key: Key, end: float) -> str:
    """The windows of the minute until `end`, a line each. Raises Unanswered, NoObjective."""
    scrapes = {
        variant: [_scrape(source, pods, at) for at in (end - INVOCATION_SECONDS, end)]
        for variant, pods in matchers(key, source.pods).items()
    }
    bounds = shared(after for _, after in scrapes.values())
    windows = (
        window(variant, end, before, after, source.objective, bounds)
        for variant, (before, after) in scrapes.items()
    )
    return "\n".join(map(json.dumps, windows))


def _scrape(source: Source, pods: str, at: float) -> Scrape:
    requests, buckets, started = (
        _query(source, query.format(pods=pods), at) for query in (REQUESTS, BUCKETS, STARTED)
    )
    return Scrape(
        {(labels.get("pod", ""), labels.get("status", "")): value for labels, value in requests},
        {(labels.get("pod", ""), labels.get("le", "")): value for labels, value in buckets},
        {labels.get("pod", ""): value for labels, value in started},
    )


def _query(source: Source, query: str, at: float) -> list[tuple[dict[str, str], float]]:
    address = f"{source.address.rstrip('/')}/api/v1/query?{urlencode({'query': query, 'time': at})}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  as it was told
            told: Any = json.loads(answer.read(MOST_ANSWER))
        found = [(dict(each["metric"]), float(each["value"][1])) for each in told["data"]["result"]]
    except (OSError, HTTPException, ValueError, LookupError, TypeError, RecursionError) as error:
        raise Unanswered(f"{source.address}: {type(error).__name__}: {error}") from None
    return [(labels, value) for labels, value in found if math.isfinite(value)]


def follow(
    source: Source,
    rollouts: Rollouts,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Read every minute, for ever: each once, in order, also those that went by while Prometheus was slow.

    A minute that cannot be read is told, and missing; nothing ends this. `clock` tells seconds since 1970.
    """
    end = (clock() // INVOCATION_SECONDS + 1) * INVOCATION_SECONDS
    while True:
        sleep(max(end + SETTLED_SECONDS - clock(), 0.0))
        for rollout in rollouts.all_open():
            try:
                rollout.take(minute(source, rollout.key, end), clock())
                rollout.missing = ""
            except NotOpen:
                continue
            except Exception as error:  # the trouble of one is not that of the others, nor of the next minute
                rollout.missing = " ".join(str(error).split()) or type(error).__name__
                told = f"{rollout.key.of.name}: {rollout.missing}"
                print(f"evidence is missing: {told}", file=sys.stderr, flush=True)
        end = minute_after(end, clock())


def minute_after(end: float, now: float) -> float:
    """The end of the minute to read next: the one after `end`, unless the clock was set meanwhile."""
    soonest = (now - MOST_BEHIND) // INVOCATION_SECONDS * INVOCATION_SECONDS
    latest = (now // INVOCATION_SECONDS + 1) * INVOCATION_SECONDS
    return min(max(end + INVOCATION_SECONDS, soonest), latest)
