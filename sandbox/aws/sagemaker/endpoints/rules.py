"""What SageMaker refuses of a change to an endpoint, in its words.

Sources: the API reference of DeploymentConfig, and "Exclusions" of the deployment guardrails in the developer
guide.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from sandbox.serving.endpoints.state import BUSY, Endpoint
from sandbox.serving.endpoints.traffic_shift import traffic_shift


def refuse_deployment(config: Mapping[str, Any] | None, instances: int) -> None:
    """Raise SageMaker's ValidationException for a DeploymentConfig that a fleet cannot follow."""
    problem = deployment_problem(config, instances)
    if problem:
        raise ValidationError(problem)


def refuse_busy(endpoint: Endpoint) -> None:
    """Raise SageMaker's ValidationException when a change is under way."""
    if endpoint.endpoint_status in BUSY:
        raise ValidationError(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def refuse_variants(
    config: Mapping[str, Any] | None, old: Collection[str], new: Sequence[Mapping[str, Any]]
) -> None:
    """Raise SageMaker's ValidationException for variants that a DeploymentConfig cannot move between."""
    problem = variants_problem(config, old, new)
    if problem:
        raise ValidationError(problem)


def refuse_scaled(
    registered: Collection[str], old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> None:
    """Raise SageMaker's ValidationException where a scalable target would lose its instance type."""
    problem = scaled_problem(registered, old, new)
    if problem:
        raise ValidationError(problem)


def scaled_problem(
    registered: Collection[str], old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> str | None:
    """Why an update cannot move from the variants `old` to `new` with some `registered` to scale, or None.

    Source: "Update endpoints that use auto scaling". The words are what users of the service report.
    """
    coming = {variant["VariantName"]: variant.get("InstanceType") for variant in new}
    changed = [
        variant["VariantName"]
        for variant in old
        if variant["VariantName"] in registered
        and coming.get(variant["VariantName"], "removed") != variant.get("InstanceType")
    ]
    if not changed:
        return None
    return (
        f'The variant(s) "[{", ".join(changed)}]" must be deregistered as scalable targets with AWS Auto '
        "Scaling before they can be removed or have their instance type updated."
    )


def deployment_problem(config: Mapping[str, Any] | None, instances: int) -> str | None:
    """What is wrong with a DeploymentConfig for a fleet of `instances`, or None.

    The limits are those of the API reference: a canary is at most half of the variant's instances, a linear
    step 10 to 50 % of them, so neither can be of one instance; a rolling batch is 5 to 50 % (and a whole
    instance at least). The waits of a blue/green deployment are less than its
    MaximumExecutionTimeoutInSeconds.
    """
    config = config or {}
    rolling, blue_green = config.get("RollingUpdatePolicy"), config.get("BlueGreenUpdatePolicy")
    if rolling and blue_green:
        return "A DeploymentConfig has either a BlueGreenUpdatePolicy or a RollingUpdatePolicy, not both."
    if rolling:
        return _size_problem("MaximumBatchSize", rolling["MaximumBatchSize"], 5, max(instances, 2))
    routing = (blue_green or {}).get("TrafficRoutingConfiguration") or {}
    kind = routing.get("Type", "ALL_AT_ONCE")
    sizes = {"CANARY": ("CanarySize", 0), "LINEAR": ("LinearStepSize", 10)}
    for name, _ in sizes.values():
        if name in routing and sizes.get(kind, ("",))[0] != name:
            return f"{name} cannot be used with the traffic routing type {kind}."
    if kind in sizes:
        name, least = sizes[kind]
        if name not in routing:
            return f"{name} is required with the traffic routing type {kind}."
        problem = _size_problem(name, routing[name], least, instances)
        if problem:
            return problem
    return _time_problem(config, instances)


def variants_problem(
    config: Mapping[str, Any] | None, old: Collection[str], new: Sequence[Mapping[str, Any]]
) -> str | None:
    """Why a DeploymentConfig cannot move traffic from the variants `old` to those of a new config, or None.

    Source: "Exclusions" of the deployment guardrails. An update without a DeploymentConfig moves between any
    variants: that is how one is added or removed.
    """
    if not config:
        return None
    names = [variant["VariantName"] for variant in new]
    if set(names) != set(old):
        return (
            "When doing a blue/green or rolling deployment, your new endpoint configuration must have the "
            f"same variant names as the old endpoint configuration: {sorted(old)}, not {sorted(names)}."
        )
    rolling = config.get("RollingUpdatePolicy")
    if rolling and (len(new) > 1 or "ServerlessConfig" in new[0]):
        return "A rolling update is not supported for endpoints with several or serverless variants."
    return None


def _size_problem(name: str, size: Mapping[str, Any], least: int, instances: int) -> str | None:
    value = size["Value"]
    if size["Type"] == "CAPACITY_PERCENT":
        if not max(least, 1) <= value <= 50:
            return f"{name} must be {max(least, 1)} to 50 percent of the capacity, not {value}."
        value = math.ceil(value * instances / 100)
        right = instances > 1
    else:
        right = least * instances <= 100 * value <= 50 * instances
    if right:
        return None
    return (
        f"{name} must be {f'{least} to' if least else 'at most'} 50 percent of the variant's total instance "
        f"count ({instances}), not {value}."
    )


def _time_problem(config: Mapping[str, Any], instances: int) -> str | None:
    policy = config.get("BlueGreenUpdatePolicy") or {}
    shift = traffic_shift(config, instances)
    waits = sum(step.wait for step in shift.steps)
    if "MaximumExecutionTimeoutInSeconds" not in policy or waits < shift.maximum_time:
        return None
    return (
        f"MaximumExecutionTimeoutInSeconds ({shift.maximum_time:.0f}) must be larger than the total waiting "
        f"time specified in TerminationWaitInSeconds and WaitIntervalInSeconds ({waits:.0f})."
    )
