"""Target tracking of a SageMaker variant: its two alarms, and how many instances a metric calls for. Pure.

Sources: "Target tracking scaling policies" and "Define cooldown periods" in Application Auto Scaling's user
guide, "Scale-in" in SageMaker's developer guide, PutScalingPolicy in the API reference. That AlarmHigh takes
three minutes, AlarmLow fifteen and 90 % of the target is what alarms of the service show.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition
from sandbox.aws.cloudwatch.metrics.queries import MetricQuery

PREDEFINED = "SageMakerVariantInvocationsPerInstance"
METRIC = ("AWS/SageMaker", "InvocationsPerInstance")
PERIOD = 60
DEFAULT_COOLDOWN = 300.0
_HIGH, _LOW = 3, 15
"""Minutes for which the metric is above the target, or below 90 % of it."""
_LOW_SHARE = 0.9


@dataclass(frozen=True)
class Policy:
    """A target-tracking policy's configuration, as far as it decides."""

    target: float
    out_cooldown: float
    in_cooldown: float
    scales_in: bool


@dataclass(frozen=True)
class Change:
    """A change of the count that a policy made."""

    at: float
    before: int
    after: int


def policy(configuration: Mapping[str, Any]) -> Policy | None:
    """The policy that PutScalingPolicy's configuration makes; None for another metric than this one."""
    metric = configuration.get("PredefinedMetricSpecification") or {}
    if metric.get("PredefinedMetricType") != PREDEFINED:
        return None
    return Policy(
        float(configuration["TargetValue"]),
        float(configuration.get("ScaleOutCooldown", DEFAULT_COOLDOWN)),
        float(configuration.get("ScaleInCooldown", DEFAULT_COOLDOWN)),
        not configuration.get("DisableScaleIn", False),
    )


def alarm(side: str, name: str, target: float, dimensions: Mapping[str, str], action: str) -> dict[str, Any]:
    """PutMetricAlarm's parameters for one side, `High` or `Low`."""
    high = side == "High"
    return {
        "AlarmName": name,
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}.",
        "Namespace": METRIC[0],
        "MetricName": METRIC[1],
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistic": "Sum",
        "Period": PERIOD,
        "EvaluationPeriods": _HIGH if high else _LOW,
        "ComparisonOperator": "GreaterThanThreshold" if high else "LessThanThreshold",
        "Threshold": target if high else target * _LOW_SHARE,
        "AlarmActions": [action],
    }


def minute(time_scale: float) -> int:
    """Real seconds that stand for a minute; metrics are kept by the second."""
    return max(1, round(PERIOD / time_scale))


def sped_up(definition: AlarmDefinition, seconds: int) -> AlarmDefinition:
    """The same alarm on periods of `seconds` that stand for its minutes, for the same rate of invocations."""
    queries = tuple(
        replace(query, period=seconds) if isinstance(query, MetricQuery) else query
        for query in definition.queries
    )
    rule = replace(definition.rule, threshold=definition.rule.threshold * seconds / PERIOD)
    return replace(definition, queries=queries, period=seconds, rule=rule, every=seconds)


def wanted(count: int, per_minute: float, asked: Policy, least: int, most: int) -> int:
    """How many instances would have `asked.target` invocations a minute each, within the bounds."""
    return min(max(math.ceil(count * per_minute / asked.target), least), most)


def scale_out(count: int, needed: int, last: Change | None, cooldown_over: bool) -> int | None:
    """The count to go to while AlarmHigh rings, or None: a larger scale-out alone interrupts the cooldown."""
    if needed <= count:
        return None
    if cooldown_over or last is None or needed > last.after:
        return needed
    return None


def scale_in(count: int, needed: int, cooldown_over: bool) -> int | None:
    """The count to go to while AlarmLow rings, or None."""
    return needed if needed < count and cooldown_over else None
