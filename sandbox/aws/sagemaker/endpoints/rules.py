"""What SageMaker refuses of a change to an endpoint, in its words.

Sources: the API reference of DeploymentConfig, and "Exclusions" of the deployment guardrails in the developer
guide.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from sandbox.serving.endpoints.state import BUSY, Endpoint


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
        if least <= value <= 50:
            return None
        return f"{name} must be {least} to 50 percent of the capacity, not {value}."
    if value <= max(instances / 2, 1):
        return None
    return f"{name} must be at most 50 percent of the {instances} instances, not {value}."
