"""How a deployment moves traffic: SageMaker's DeploymentConfig as steps. Pure; times are SageMaker's.

Sources: the API reference of DeploymentConfig and "Deployment guardrails" in the developer guide. A rolling
update is treated as a linear one whose step is its batch.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_MAXIMUM_TIME = 3600.0


@dataclass(frozen=True)
class Step:
    """The share of traffic (0 to 1) that the new fleet gets, and how long it bakes there, in seconds."""

    share: float
    wait: float


@dataclass(frozen=True)
class Plan:
    """The steps of a deployment, the last of which has all traffic; the alarms that end it."""

    steps: tuple[Step, ...]
    maximum_time: float = DEFAULT_MAXIMUM_TIME
    alarms: tuple[str, ...] = ()


def deployment_plan(config: Mapping[str, Any] | None, instances: int) -> Plan:
    """The plan of a DeploymentConfig for a fleet of `instances`; without one, all at once and no bake."""
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
    return Plan(steps, float(policy.get("MaximumExecutionTimeoutInSeconds", DEFAULT_MAXIMUM_TIME)), names)


def deployment_problem(config: Mapping[str, Any] | None, instances: int) -> str | None:
    """What is wrong with a DeploymentConfig for a fleet of `instances`, or None.

    The limits are those of the API reference: a canary is at most half of the capacity, a linear step 10 to
    50 %, a rolling batch 5 to 50 % (and a whole instance at least).
    """
    config = config or {}
    rolling, blue_green = config.get("RollingUpdatePolicy"), config.get("BlueGreenUpdatePolicy")
    if rolling and blue_green:
        return "A DeploymentConfig has either a BlueGreenUpdatePolicy or a RollingUpdatePolicy, not both."
    if rolling:
        return _size_problem("MaximumBatchSize", rolling["MaximumBatchSize"], 5, instances)
    routing = (blue_green or {}).get("TrafficRoutingConfiguration") or {}
    kind = routing.get("Type", "ALL_AT_ONCE")
    sizes = {"CANARY": ("CanarySize", 1), "LINEAR": ("LinearStepSize", 10)}
    for name, _ in sizes.values():
        if name in routing and sizes.get(kind, ("",))[0] != name:
            return f"{name} cannot be used with the traffic routing type {kind}."
    if kind not in sizes:
        return None
    name, least = sizes[kind]
    if name not in routing:
        return f"{name} is required with the traffic routing type {kind}."
    return _size_problem(name, routing[name], least, instances)


def variants_problem(
    config: Mapping[str, Any] | None, old: Collection[str], new: Sequence[Mapping[str, Any]]
) -> str | None:
    """Why traffic cannot shift from the variants `old` to those of a new config step by step, or None.

    Source: "Exclusions" of the deployment guardrails. Moving everything at once works for any variants.
    """
    config = config or {}
    rolling = config.get("RollingUpdatePolicy")
    routing = (config.get("BlueGreenUpdatePolicy") or {}).get("TrafficRoutingConfiguration") or {}
    if not rolling and routing.get("Type", "ALL_AT_ONCE") == "ALL_AT_ONCE":
        return None
    names = [variant["VariantName"] for variant in new]
    if set(names) != set(old):
        return (
            f"The new endpoint configuration must have the same variant names as the old one to shift "
            f"traffic step by step: {sorted(old)}, not {sorted(names)}."
        )
    if rolling and (len(new) > 1 or "ServerlessConfig" in new[0]):
        return "A rolling update is not supported for endpoints with several or serverless variants."
    return None


def _size_problem(name: str, size: Mapping[str, Any], least: int, instances: int) -> str | None:
    value = size["Value"]
    if size["Type"] == "CAPACITY_PERCENT":
        if least <= value <= 50:
            return None
        return f"{name} must be {least} to 50 percent of the capacity, not {value}."
    if value <= max(instances / 2, 1):
        return None
    return f"{name} must be at most 50 percent of the {instances} instances, not {value}."


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
