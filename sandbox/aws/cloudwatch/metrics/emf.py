"""Embedded metric format: a log line that carries metrics. Pure.

Source: "Specification: Embedded metric format". A line that follows it becomes points. Any other
line gives none, as in CloudWatch. When the value of one metric is missing, only that metric is left out.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from sandbox.aws.cloudwatch.metrics.distributions import of_values
from sandbox.aws.cloudwatch.metrics.store import MetricKey, Point

MOST_METRICS = 100
MOST_DIMENSIONS = 30
MOST_VALUES = 100
_MOST_NAMESPACE = 1024
_MOST_DIMENSION = 1024
_MARK = '"_aws"'
_UNITS = {
    *("Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"),
    *("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second"),
    *("Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second"),
    *("Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None"),
}


def points(message: str) -> list[Point]:
    """The points that a log message carries, in the order of its directives."""
    if _MARK not in message:
        return []
    try:
        root = json.loads(message)
    except (ValueError, RecursionError):
        return []
    if not isinstance(root, dict) or not isinstance(root.get("_aws"), dict):
        return []
    about = root["_aws"]
    stamp, directives = about.get("Timestamp"), about.get("CloudWatchMetrics")
    if isinstance(stamp, bool) or not isinstance(stamp, int | float) or not isinstance(directives, list):
        return []
    return [point for directive in directives for point in _directive(root, directive, stamp / 1000)]


def _directive(root: Mapping[str, Any], directive: Any, at: float) -> Iterator[Point]:
    if not isinstance(directive, dict):
        return
    namespace, metrics = directive.get("Namespace"), directive.get("Metrics")
    if not isinstance(namespace, str) or not 1 <= len(namespace) <= _MOST_NAMESPACE:
        return
    if not isinstance(metrics, list) or len(metrics) > MOST_METRICS:
        return
    sets = _dimension_sets(root, directive.get("Dimensions", [[]]))
    if sets is None:
        return
    for metric in metrics:
        found = _metric(root, metric)
        if found is None:
            continue
        name, values, unit, resolution = found
        for dimensions in sets:
            yield Point(MetricKey(namespace, name, dimensions), at, of_values(values), unit, resolution)


def _dimension_sets(root: Mapping[str, Any], sets: Any) -> list[tuple[tuple[str, str], ...]] | None:
    """The dimensions of each set with their values; None when a set is not right."""
    if not isinstance(sets, list):
        return None
    result: list[tuple[tuple[str, str], ...]] = []
    for names in sets:
        if not isinstance(names, list) or len(names) > MOST_DIMENSIONS:
            return None
        pairs: list[tuple[str, str]] = []
        for name in names:
            value = root.get(name) if isinstance(name, str) else None
            if not isinstance(value, str) or not 0 < len(value) <= _MOST_DIMENSION:
                return None
            pairs.append((name, value))
        result.append(tuple(sorted(pairs)))
    return result or [()]


def _metric(root: Mapping[str, Any], metric: Any) -> tuple[str, list[float], str, int] | None:
    if not isinstance(metric, dict) or not isinstance(metric.get("Name"), str):
        return None
    unit, resolution = metric.get("Unit", "None"), metric.get("StorageResolution", 60)
    value = root.get(metric["Name"])
    raw = value if isinstance(value, list) else [value]
    values = [float(n) for n in raw if isinstance(n, int | float) and not isinstance(n, bool) and isfinite(n)]
    if (
        not values
        or len(values) < len(raw)
        or len(values) > MOST_VALUES
        or unit not in _UNITS
        or resolution not in (1, 60)
    ):
        return None
    return metric["Name"], values, unit, resolution
