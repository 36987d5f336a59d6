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
from typing import Any
from urllib.parse import urlencode

from integrations.judge_service.keys import Key
from integrations.judge_service.rollout import EvidenceFull
from integrations.judge_service.rollouts import Rollouts
from integrations.judge_service.scrapes import NoObjective, Scrape, window
from release.domain.policy import INVOCATION_SECONDS

SETTLED_SECONDS = 25.0
"""So long after a minute it is taken for scraped."""
TIMEOUT_SECONDS = 10.0
MOST_ANSWER = 16 * 2**20
"""Bytes of an answer."""
REQUESTS = 'sum by (pod, status) (slipway_requests_total{{path=~"invocations|infer|unread",{pods}}})'
BUCKETS = "sum by (pod, le) (slipway_request_seconds_bucket{{{pods}}})"


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
    name = key.of.name.replace(".", "[.]")
    one = f"{name}-{key.checksum}" if pods is Pods.ARGO else f"{name}-primary"
    apart = f'pod=~"{one}-.+"'
    rest = f'pod=~"{name}-.+",pod!~"{one}-.+"'
    namespace = f'namespace="{key.of.namespace}",'
    candidate, live = (apart, rest) if pods is Pods.ARGO else (rest, apart)
    return {"live": namespace + live, "candidate": namespace + candidate}


def minute(source: Source, key: Key, end: float) -> str:
    """The windows of the minute until `end`, a line each. Raises Unanswered, NoObjective."""
    lines = []
    for variant, pods in matchers(key, source.pods).items():
        before, after = (_scrape(source, pods, at) for at in (end - INVOCATION_SECONDS, end))
        lines.append(json.dumps(window(variant, end, before, after, source.objective)))
    return "\n".join(lines)


def _scrape(source: Source, pods: str, at: float) -> Scrape:
    requests = _query(source, REQUESTS.format(pods=pods), at)
    buckets = _query(source, BUCKETS.format(pods=pods), at)
    return Scrape(
        {(labels.get("pod", ""), labels["status"]): value for labels, value in requests},
        {(labels.get("pod", ""), labels["le"]): value for labels, value in buckets},
    )


def _query(source: Source, query: str, at: float) -> list[tuple[dict[str, str], float]]:
    address = f"{source.address.rstrip('/')}/api/v1/query?{urlencode({'query': query, 'time': at})}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  as it was told
            told: Any = json.loads(answer.read(MOST_ANSWER))
        found = [(dict(each["metric"]), float(each["value"][1])) for each in told["data"]["result"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unanswered(f"{source.address}: {error}") from None
    return [(labels, value) for labels, value in found if math.isfinite(value)]


def follow(
    source: Source,
    rollouts: Rollouts,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Read every minute, for ever: each once, in order, also those that went by while Prometheus was slow.

    A minute that cannot be read is told, and missing. `clock` tells seconds since 1970.
    """
    end = (clock() // INVOCATION_SECONDS + 1) * INVOCATION_SECONDS
    while True:
        sleep(max(end + SETTLED_SECONDS - clock(), 0.0))
        for rollout in rollouts.all_open():
            try:
                rollout.take(minute(source, rollout.key, end), clock())
            except (Unanswered, NoObjective, EvidenceFull, OSError) as error:
                print(f"evidence is missing: {rollout.key.of.name}: {error}", file=sys.stderr, flush=True)
        end += INVOCATION_SECONDS
