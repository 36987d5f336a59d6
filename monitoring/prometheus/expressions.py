"""Pieces of PromQL: what was counted of an endpoint in a window. Pure.

Answers are counted twice where something stands before the containers: by that front, which knows what
callers got when a container crashed or hung, and by the containers. The front's count goes before theirs. A
front is whatever counts answers as `front_requests_total` with the labels endpoint, variant and status: the
sandbox does, and an ingress whose metric is renamed so (docs/monitoring.md).
"""

from monitoring.prometheus.watched import LABELS, LATENCY_BOUNDS, Watched, duration, matchers, of

FRONT = "front_requests_total"
REQUESTS = "slipway_requests_total"
LATENCY = "slipway_request_seconds"
SCORE = "slipway_score"
INVALID = "slipway_invalid_total"
WINDOWS_DROPPED, CAPTURE_LOST = "slipway_windows_dropped_total", "slipway_capture_lost_total"
IN_FLIGHT, WORKERS = "slipway_in_flight", "slipway_workers"
MEMORY = "slipway_worker_resident_bytes"
CPU, STARTED = "slipway_worker_cpu_seconds_total", "slipway_worker_start_time_seconds"
JOB = "slipway"
"""The scrape job of the containers."""

BY = f"by ({', '.join(LABELS)})"
INFERENCE = 'path=~"invocations|infer|unread"'
_FAILED = 'status!~"[1-4].*"'
"""All that is not at least an answer to the caller: 5xx, and the front's word for none at all."""


def series(metric: str, watched: Watched, *further: str) -> str:
    """The endpoint's series of a metric, with further matchers."""
    inside = [matchers(of(watched))[1:-1], *further]
    return f"{metric}{{{','.join(inside)}}}"


def gained(metric: str, watched: Watched, seconds: int, *further: str) -> str:
    """How much a counter gained in a window, by variant."""
    return f"sum {BY} (increase({series(metric, watched, *further)}[{duration(seconds)}]))"


def requests(watched: Watched, seconds: int) -> str:
    """Requests of a window: the front's count, or the containers'."""
    return f"{gained(FRONT, watched, seconds)} or {gained(REQUESTS, watched, seconds, INFERENCE)}"


def errors(watched: Watched, seconds: int) -> str:
    """Those of them that failed: where none did 0, so that the other count does not take its place."""
    counts = (
        f"({gained(metric, watched, seconds, *own, _FAILED)} or 0 * {gained(metric, watched, seconds, *own)})"
        for metric, own in ((FRONT, ()), (REQUESTS, (INFERENCE,)))
    )
    return " or ".join(counts)


def answers(watched: Watched, seconds: int) -> str:
    """Requests that containers answered with a 2xx: all whose latency counts."""
    return gained(f"{LATENCY}_count", watched, seconds)


def slow(watched: Watched, seconds: int) -> str:
    """Those of them that took longer than the objective."""
    return f"{answers(watched, seconds)} - ({fast(watched, seconds)})"


def fast(watched: Watched, seconds: int) -> str:
    """Those of them within the objective; between two bounds of the histogram as if they lay evenly there."""
    limit = watched.objectives.latency_ms / 1000
    if limit in LATENCY_BOUNDS:
        return _below(watched, seconds, limit)
    lower = max((bound for bound in LATENCY_BOUNDS if bound < limit), default=0.0)
    upper = next(bound for bound in LATENCY_BOUNDS if bound > limit)
    part = round((limit - lower) / (upper - lower), 6)
    above = f"{part:g} * {_below(watched, seconds, upper)}"
    return f"{1 - part:g} * {_below(watched, seconds, lower)} + {above}" if lower else above


def _below(watched: Watched, seconds: int, bound: float) -> str:
    return gained(f"{LATENCY}_bucket", watched, seconds, f'le="{bound!r}"')


def invalid(watched: Watched, seconds: int) -> str:
    """Requests answered with a prediction that is no finite number."""
    return gained(INVALID, watched, seconds)
