"""What a container cannot see of itself: invocations that it never answered, as SageMaker counts them.

A container that crashes or hangs prints no window about it. SageMaker's own metrics (`Invocations`,
`Invocation5XXErrors`, `InvocationModelErrors`; Developer Guide, "SageMaker AI endpoint invocation metrics")
come by variant and minute, a minute or two late. Each minute of each variant becomes one window with
`service` counts, dated when it was read: both variants' of a minute are read together, so they are compared
together.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from release.domain import names
from release.judge.cells import SCHEMA

NAMESPACE = "AWS/SageMaker"
PERIOD = 60
SETTLED_SECONDS = 90.0
"""After so long a minute's sums are taken for complete."""
EVERY_SECONDS = 15.0
METRICS = ("Invocations", "Invocation5XXErrors", "InvocationModelErrors")


class InvocationMetrics:
    """The minutes of one endpoint that began after `since`, each once."""

    def __init__(self, cloudwatch: Any, endpoint: str, since: datetime) -> None:
        self._cloudwatch = cloudwatch
        self._endpoint = endpoint
        self._next = _minute(since) + timedelta(seconds=PERIOD)
        self._asked = since

    def more(self, now: datetime) -> list[dict[str, Any]]:
        """The minutes that are complete by `now`, as events of CloudWatch Logs. Raises boto3's errors."""
        last = _minute(now - timedelta(seconds=SETTLED_SECONDS))
        if last < self._next or (now - self._asked).total_seconds() < EVERY_SECONDS:
            return []
        self._asked = now
        answer = self._cloudwatch.get_metric_data(
            StartTime=self._next,
            EndTime=last + timedelta(seconds=PERIOD),
            MetricDataQueries=[
                self._query(variant, metric)
                for variant in (names.LIVE, names.CANDIDATE)
                for metric in METRICS
            ],
        )
        sums: dict[tuple[str, datetime], dict[str, float]] = {}
        for result in answer["MetricDataResults"]:
            variant, _, metric = result["Id"].partition("_")
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                sums.setdefault((variant, _minute(at)), {})[metric] = value
        self._next = last + timedelta(seconds=PERIOD)
        return [_event(variant, at, now, found) for (variant, at), found in sorted(sums.items())]

    def _query(self, variant: str, metric: str) -> dict[str, Any]:
        dimensions = {"EndpointName": self._endpoint, "VariantName": variant}
        about = {
            "Namespace": NAMESPACE,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        stat = {"Metric": about, "Period": PERIOD, "Stat": "Sum"}
        return {"Id": f"{variant}_{metric.lower()}", "MetricStat": stat}


def _event(variant: str, minute: datetime, now: datetime, sums: dict[str, float]) -> dict[str, Any]:
    requests = round(sums.get("invocations", 0))
    errors = round(max(sums.get("invocation5xxerrors", 0), sums.get("invocationmodelerrors", 0)))
    name = f"{variant}/cloudwatch {minute:%H:%M}"
    window = {
        "schema": SCHEMA,
        "id": f"{name} {minute:%Y-%m-%d}",
        "start": now.timestamp() - 1,
        "end": now.timestamp(),
        "service": {"requests": max(requests, errors), "errors": errors},
    }
    return {
        "eventId": window["id"],
        "logStreamName": name,
        "timestamp": int(now.timestamp() * 1000),
        "message": json.dumps(window),
    }


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
