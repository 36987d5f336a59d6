"""The invocation metrics that SageMaker publishes, put into moto's CloudWatch.

Counted in memory and published once a second as statistic sets, so that a request costs next to nothing.
"""

from dataclasses import dataclass, field
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow

NAMESPACE = "AWS/SageMaker"


@dataclass
class _Statistic:
    count: int = 0
    total: float = 0.0
    least: float = field(default=float("inf"))
    most: float = field(default=float("-inf"))

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


Key = tuple[str, str, str, str]
"""Account, region, endpoint, variant."""


class Metrics:
    """Counts of the current second."""

    def __init__(self) -> None:
        self._now: dict[tuple[Key, str], _Statistic] = {}

    def invocation(self, key: Key, status: int, model_latency: float) -> None:
        """One invocation: the container's HTTP status (0: none) and its time in seconds."""
        client, server = 400 <= status < 500, status >= 500 or status == 0
        for name, value in (
            ("Invocations", 1.0),
            ("Invocation4XXErrors", float(client)),
            ("Invocation5XXErrors", float(server)),
            ("ModelLatency", model_latency * 1e6),
        ):
            statistic = self._now.get((key, name))
            if statistic is None:
                statistic = self._now[key, name] = _Statistic()
            statistic.add(value)

    def publish(self) -> None:
        """Give what was counted to CloudWatch and begin again."""
        counted, self._now = self._now, {}
        now = utcnow()  # moto compares it with naive times
        for ((account, region, endpoint, variant), name), statistic in counted.items():
            datum: dict[str, Any] = {
                "MetricName": name,
                "Timestamp": now,
                "Unit": "Microseconds" if name == "ModelLatency" else "None",
                "Dimensions": [
                    {"Name": "EndpointName", "Value": endpoint},
                    {"Name": "VariantName", "Value": variant},
                ],
                "StatisticValues": {
                    "SampleCount": statistic.count,
                    "Sum": statistic.total,
                    "Minimum": statistic.least,
                    "Maximum": statistic.most,
                },
            }
            cloudwatch_backends[account][region].put_metric_data(NAMESPACE, [datum])
