"""What a container cannot see of itself: invocations that it never answered, as SageMaker counts them.

A container that crashes or hangs prints no window about it. SageMaker's own metrics (`Invocations`,
`Invocation5XXErrors`, `InvocationModelErrors`; Developer Guide, "SageMaker AI endpoint invocation metrics")
come by variant and minute, a minute or two late. Each minute of each variant becomes one window with
`service` counts, dated when it was read: both variants' of a minute are read together, so they are compared
together.

Of containers that print no windows these minutes are all that there is. Then each is dated as it was, one
without invocations is told too, and `ModelLatency` is asked for as well: which percentage of invocations took
no longer than each of some thresholds (the statistic `PR(:threshold)`), from which the counts between them
follow.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Any

from release.domain import names
from release.judge.cells import SCHEMA, pace_edges

NAMESPACE = "AWS/SageMaker"
PERIOD = 60
SETTLED_SECONDS = 90.0
"""After so long a minute's sums are taken for complete."""
EVERY_SECONDS = 15.0
MOST_MINUTES = 60
"""Asked for at once: one answer holds 100,800 values at most."""
LATENCY = "ModelLatency"
"""Microseconds from the request to the container until its whole answer."""
METRICS = ("Invocations", "Invocation5XXErrors", "InvocationModelErrors")


class InvocationMetrics:
    """The minutes of one endpoint that began after `since`, each once.

    `objective` is the latency objective in seconds, where no windows tell latencies; None where they do.
    """

    def __init__(
        self, cloudwatch: Any, endpoint: str, since: datetime, objective: float | None = None
    ) -> None:
        edges = pace_edges(objective) if objective else []
        self._edges = {f"pr{index}": round(1e6 * edge) for index, edge in enumerate(edges)}
        self._cloudwatch = cloudwatch
        self._endpoint = endpoint
        self._next = minute_of(since) + timedelta(seconds=PERIOD)
        self._asked = since

    def more(self, now: datetime) -> list[dict[str, Any]]:
        """The minutes that are complete by `now`, as events of CloudWatch Logs. Raises boto3's errors."""
        last = minute_of(now - timedelta(seconds=SETTLED_SECONDS))
        last = min(last, self._next + timedelta(seconds=PERIOD * (MOST_MINUTES - 1)))
        if last < self._next or (now - self._asked).total_seconds() < EVERY_SECONDS:
            return []
        self._asked = now
        answer = self._cloudwatch.get_metric_data(
            StartTime=self._next,
            EndTime=last + timedelta(seconds=PERIOD),
            MetricDataQueries=[
                query for variant in (names.LIVE, names.CANDIDATE) for query in self._queries(variant)
            ],
        )
        sums: dict[tuple[str, datetime], dict[str, float]] = {}
        for result in answer["MetricDataResults"]:
            variant, _, metric = result["Id"].partition("_")
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                sums.setdefault((variant, minute_of(at)), {})[metric] = value
        first, self._next = self._next, last + timedelta(seconds=PERIOD)
        if not self._edges:
            return [_event(variant, at, now, found) for (variant, at), found in sorted(sums.items())]
        minutes = int((self._next - first).total_seconds()) // PERIOD
        return [
            self._minute(variant, at, sums.get((variant, at), {}))
            for at in (first + timedelta(seconds=PERIOD * number) for number in range(minutes))
            for variant in (names.CANDIDATE, names.LIVE)
        ]

    def _minute(self, variant: str, at: datetime, sums: dict[str, float]) -> dict[str, Any]:
        """One minute as it was, with its latencies; one without invocations too."""
        end = at + timedelta(seconds=PERIOD)
        requests = round(sums.get("latencies", 0))
        below = [round(requests * sums.get(name, 0) / 100) for name in self._edges]
        counts = [upper - lower for lower, upper in pairwise(accumulate([*below, requests], max, initial=0))]
        pace = {"bins": list(range(len(counts))), "counts": counts}
        return _event(variant, at, end, sums, PERIOD, {"pace": pace} if requests else {})

    def _queries(self, variant: str) -> list[dict[str, Any]]:
        found = [self._query(variant, metric.lower(), metric, "Sum") for metric in METRICS]
        if self._edges:
            found.append(self._query(variant, "latencies", LATENCY, "SampleCount"))
        for name, microseconds in self._edges.items():
            found.append(self._query(variant, name, LATENCY, f"PR(:{microseconds})"))
        return found

    def _query(self, variant: str, name: str, metric: str, stat: str) -> dict[str, Any]:
        dimensions = {"EndpointName": self._endpoint, "VariantName": variant}
        about = {
            "Namespace": NAMESPACE,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        asked = {"Metric": about, "Period": PERIOD, "Stat": stat}
        return {"Id": f"{variant}_{name}", "MetricStat": asked}


def _event(
    variant: str,
    minute: datetime,
    until: datetime,
    sums: dict[str, float],
    seconds: float = 1,
    besides: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """One minute's counts as an event of the variant's log, dated so many seconds `until` a moment."""
    requests = round(sums.get("invocations", 0))
    errors = round(max(sums.get("invocation5xxerrors", 0), sums.get("invocationmodelerrors", 0)))
    name = f"{variant}/cloudwatch {minute:%H:%M}"
    window = {
        "schema": SCHEMA,
        "id": f"{name} {minute:%Y-%m-%d}",
        "start": until.timestamp() - seconds,
        "end": until.timestamp(),
        "service": {"requests": max(requests, errors), "errors": errors},
        **besides,
    }
    return logged(name, until, window)


def logged(stream: str, at: datetime, window: Mapping[str, Any]) -> dict[str, Any]:
    """A window as an event of a log stream, as CloudWatch Logs gives them."""
    return {
        "eventId": window["id"],
        "logStreamName": stream,
        "timestamp": int(at.timestamp() * 1000),
        "message": json.dumps(window),
    }


def minute_of(moment: datetime) -> datetime:
    """The minute, in UTC, that a moment lies in."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
