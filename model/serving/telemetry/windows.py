"""A window as the line that a container prints: counts for the judge, metrics for CloudWatch, exemplars."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import msgspec

from model.serving.telemetry import cells
from model.serving.telemetry.bins import LATENCY_BINS, SCORE_BINS, UNIT, Scale, latency_middle
from model.serving.telemetry.intervals import Interval

SCHEMA = "slipway-window/1"
NAMESPACE = "Slipway/Endpoint"
MOST_VALUES = 100
"""Numbers that one metric of an EMF line may have."""
_COUNTS = ("requests", "errors", "refused", "invalid", "rows", "refused_rows", "missing")
_LATENCY_METRIC = "latency_ms"


@dataclass(frozen=True)
class Origin:
    """Who counted. `service`, `endpoint` and `variant` are empty where the container does not know them."""

    container: str
    """Random at start."""
    worker: int
    service: str = ""
    endpoint: str = ""
    variant: str = ""


def line(
    origin: Origin,
    number: int,
    interval: Interval,
    counted: Sequence[int],
    exemplars: dict[str, Any],
    last: bool = False,
    scale: Scale = UNIT,
) -> bytes:
    """The line of window `number`, newline included. `counted` is what the cells gained in the interval.

    The `last` one of a worker says so: nobody has to wait for another.
    """
    found = record(origin, number, interval, counted, exemplars, scale)
    return msgspec.json.encode(found | {"last": True} if last else found) + b"\n"


def record(
    origin: Origin,
    number: int,
    interval: Interval,
    counted: Sequence[int],
    exemplars: dict[str, Any],
    scale: Scale = UNIT,
) -> dict[str, Any]:
    """The window as JSON data: docs/telemetry.md."""
    statuses = by_status(counted)
    requests = sum(statuses.values())
    latency = histogram(counted, cells.LATENCY, LATENCY_BINS)
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "id": f"{origin.container}-{origin.worker}-{number}",
        "worker": f"{origin.container}-{origin.worker}",
        **({"variant": origin.variant} if origin.variant else {}),
        "start": interval.start,
        "end": interval.end,
        "requests": requests,
        "errors": _of_class(statuses, "5"),
        "clumps": {"trials": requests - counted[cells.SKIPPED], "first": counted[cells.FIRST]},
        "invalid": counted[cells.INVALID],
        "latency": latency,
        "score": histogram(counted, cells.SCORE, SCORE_BINS) | ({} if scale == UNIT else {"range": [*scale]}),
        "refused": _of_class(statuses, "4"),
        "statuses": {status: count for status, count in statuses.items() if count},
        "rows": counted[cells.ROWS],
        "refused_rows": counted[cells.REFUSED_ROWS],
        "missing": counted[cells.MISSING],
    }
    if exemplars:
        found["exemplars"] = exemplars
    return found | _metrics(origin, interval, latency)


def by_status(counted: Sequence[int]) -> dict[str, int]:
    """How many inference requests were answered with each of STATUSES."""
    kinds = [counted[kind * cells.WIDTH : (kind + 1) * cells.WIDTH] for kind in cells.INFERENCE]
    return dict(zip(cells.STATUSES, map(sum, zip(*kinds, strict=True)), strict=True))


def _of_class(statuses: dict[str, int], digit: str) -> int:
    return sum(count for status, count in statuses.items() if status[0] == digit)


def histogram(counted: Sequence[int], start: int, size: int) -> dict[str, list[int]]:
    """The non-empty of `size` bins that begin at cell `start`."""
    filled = [(index, count) for index, count in enumerate(counted[start : start + size]) if count]
    return {"bins": [index for index, _ in filled], "counts": [count for _, count in filled]}


def _metrics(origin: Origin, interval: Interval, latency: dict[str, list[int]]) -> dict[str, Any]:
    """CloudWatch's members; none without a name to group by: a metric of all services says nothing."""
    found: dict[str, Any] = {}
    if origin.endpoint:
        variant = {"VariantName": origin.variant} if origin.variant else {}
        dimensions = {"EndpointName": origin.endpoint, **variant}
    elif origin.service:
        dimensions = {"Service": origin.service}
    else:
        return found
    metrics = [{"Name": name, "Unit": "Count"} for name in _COUNTS]
    if values := spread(latency["bins"], latency["counts"]):
        found[_LATENCY_METRIC] = [round(1000 * latency_middle(index), 4) for index in values]
        metrics.append({"Name": _LATENCY_METRIC, "Unit": "Milliseconds"})
    directive = {"Namespace": NAMESPACE, "Dimensions": [list(dimensions)], "Metrics": metrics}
    about = {"Timestamp": int(interval.start * 1000), "CloudWatchMetrics": [directive]}
    return found | dimensions | {"_aws": about}


def spread(bins: Sequence[int], counts: Sequence[int]) -> list[int]:
    """A bin for each count, or MOST_VALUES bins at even steps of rank where there are more."""
    total = sum(counts)
    if total <= MOST_VALUES:
        return [index for index, count in zip(bins, counts, strict=True) for _ in range(count)]
    found: list[int] = []
    ends = accumulate(counts)
    for index, end in zip(bins, ends, strict=True):
        while len(found) < MOST_VALUES and (len(found) + 0.5) * total / MOST_VALUES < end:
            found.append(index)
    return found
