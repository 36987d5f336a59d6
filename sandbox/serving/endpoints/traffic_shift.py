"""How a deployment moves traffic: SageMaker's DeploymentConfig as steps. Pure; times are SageMaker's.

Sources: the API reference of DeploymentConfig and "Deployment guardrails" in the developer guide. A rolling
update is treated as a linear one whose step is its batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_MAXIMUM_TIME = 28_800.0
"""The most that the API allows; what holds without a MaximumExecutionTimeoutInSeconds is not documented."""


@dataclass(frozen=True)
class Step:
    """The share of traffic (0 to 1) that the new fleet gets, and how long it bakes there, in seconds."""

    share: float
    wait: float


@dataclass(frozen=True)
class TrafficShift:
    """The steps of a deployment, the last of which has all traffic; the alarms that end it."""

    steps: tuple[Step, ...]
    maximum_time: float = DEFAULT_MAXIMUM_TIME
    alarms: tuple[str, ...] = ()


def traffic_shift(config: Mapping[str, Any] | None, instances: int) -> TrafficShift:
    """The shift that a DeploymentConfig asks for with `instances`; without one, all at once and no bake."""
    config = config or {}
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    names = tuple(alarm["AlarmName"] for alarm in alarms)
    rolling = config.get("RollingUpdatePolicy")
    policy = rolling or config.get("BlueGreenUpdatePolicy") or {}
    routing = policy.get("TrafficRoutingConfiguration", {})
    wait = float(policy.get("WaitIntervalInSeconds", routing.get("WaitIntervalInSeconds", 0)))
    kind = "LINEAR" if rolling else routing.get("Type", "ALL_AT_ONCE")
    size = policy.get("MaximumBatchSize") or routing.get("LinearStepSize") or routing.get("CanarySize")
    shares = _shares(kind, _share(size, instances) if size else 1.0)
    waits = [wait] * (len(shares) - 1) + [float(policy.get("TerminationWaitInSeconds", 0))]
    steps = tuple(Step(share, bake) for share, bake in zip(shares, waits, strict=True))
    return TrafficShift(
        steps, float(policy.get("MaximumExecutionTimeoutInSeconds", DEFAULT_MAXIMUM_TIME)), names
    )


def _share(size: Mapping[str, Any], instances: int) -> float:
    of = 100 if size["Type"] == "CAPACITY_PERCENT" else max(instances, 1)
    return min(size["Value"] / of, 1.0)


def _shares(kind: str, size: float) -> list[float]:
    if kind == "CANARY":
        return [size, 1.0]
    if kind == "LINEAR":
        whole = int(1 / size + 1e-9)
        shares = [size * step for step in range(1, whole + 1)]
        return [*shares[:-1], 1.0] if abs(shares[-1] - 1.0) < 1e-9 else [*shares, 1.0]
    return [1.0]
