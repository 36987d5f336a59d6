"""Deployment configs, alarms, and how far the traffic of an update has moved."""

import math
import time
from collections import Counter
from typing import Any

from tests.sandbox.world import World


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def count(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(kind: str, wait: int = 0, termination: int = 0, **sizes: Any) -> dict[str, Any]:
    """A DeploymentConfig."""
    maximum = {"MaximumExecutionTimeoutInSeconds": sizes.pop("maximum")} if "maximum" in sizes else {}
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **sizes}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination}
    return {"BlueGreenUpdatePolicy": {**policy, **maximum}}


def guarded(config: dict[str, Any], alarm: str) -> dict[str, Any]:
    """A deployment config that an alarm rolls back."""
    return {**config, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}


def make_alarm(world: World) -> str:
    name = world.name("alarm")
    world.sandbox.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Nothing",
        MetricName="Nothing",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    return name


def ring(world: World, alarm: str) -> None:
    world.sandbox.client("cloudwatch").set_alarm_state(
        AlarmName=alarm, StateValue="ALARM", StateReason="test"
    )


def new_share(world: World, endpoint: str) -> float:
    """The share of traffic that goes to the deployment under way."""
    found = next(e for e in world.sandbox.status()["endpoints"] if e["name"] == endpoint)
    return sum(d["traffic"] for d in found["deployments"] if d["role"] == "pending")


def shares_seen(world: World, endpoint: str) -> list[float]:
    """Every share that the new deployment had, in order, until the endpoint settled."""
    seen: list[float] = []
    while world.describe(endpoint)["EndpointStatus"] == "Updating":
        share = new_share(world, endpoint)
        if share and share not in seen:
            seen.append(share)
        time.sleep(0.02)
    return seen


def answers_at(world: World, endpoint: str, share: float, most: int) -> Counter[str]:
    """The versions that answer, at most so many, while the new deployment has this share of the traffic."""
    seen: Counter[str] = Counter()
    while seen.total() < most:
        version = world.version(endpoint)
        if new_share(world, endpoint) != share:
            break
        seen[version] += 1
    return seen


def divides(seen: Counter[str], version: str, share: float) -> bool:
    """Whether a version has its share of at least 50 answers, within four standard deviations."""
    total = seen.total()
    deviation = math.sqrt(total * share * (1 - share))
    return total >= 50 and abs(seen[version] - total * share) <= 4 * deviation
