"""The answer of DescribeEndpoint, from an endpoint's state. Pure."""

from collections.abc import Mapping
from typing import Any

from sandbox.serving.endpoints.state import Deployment, Endpoint, Status
from sandbox.serving.fleets.fleet import Fleet


def describe_endpoint(endpoint: Endpoint) -> dict[str, Any]:
    """The members of DescribeEndpoint's response; those without a value are left out.

    During an update EndpointConfigName and ProductionVariants are those that still serve, and
    PendingDeploymentSummary holds the new ones.
    """
    answer: dict[str, Any] = {
        "EndpointName": endpoint.endpoint_name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config_name,
        "EndpointStatus": endpoint.endpoint_status.value,
        "FailureReason": endpoint.failure_reason,
        "CreationTime": endpoint.creation_time,
        "LastModifiedTime": endpoint.last_modified_time,
        "LastDeploymentConfig": endpoint.last_deployment_config,
    }
    if endpoint.live is not None:
        live = endpoint.live
        busy = endpoint.endpoint_status == Status.UPDATING and endpoint.pending is None
        answer["ProductionVariants"] = [_serving(live, fleet, busy) for fleet in live.fleets.values()]
        if live.shadows:
            answer["ShadowProductionVariants"] = [_serving(live, f, False) for f in live.shadows.values()]
        answer["DataCaptureConfig"] = _capture(live.spec.config.get("DataCaptureConfig"))
        for member in ("AsyncInferenceConfig", "ExplainerConfig"):
            answer[member] = live.spec.config.get(member)
    if endpoint.pending is not None:
        answer["PendingDeploymentSummary"] = _pending(endpoint.pending)
    return {key: value for key, value in answer.items() if value is not None}


def _variant(fleet: Fleet) -> dict[str, Any]:
    return {
        "VariantName": fleet.variant,
        "DeployedImages": [_image(fleet)],
        "CurrentWeight": fleet.weight,
        "DesiredWeight": fleet.desired_weight,
        "CurrentInstanceCount": fleet.count,
        "DesiredInstanceCount": fleet.desired_count,
    }


def _image(fleet: Fleet) -> dict[str, Any]:
    container = fleet.container
    return {
        "SpecifiedImage": container.specified_image,
        "ResolvedImage": container.resolved_image,
        "ResolutionTime": container.resolved_at,
    }


def _serving(deployment: Deployment, fleet: Fleet, busy: bool) -> dict[str, Any]:
    """A variant that serves; one whose weight or count is being changed says so."""
    summary = _variant(fleet)
    definition = _definition(deployment, fleet.variant)
    for member in ("ManagedInstanceScaling", "RoutingConfig"):
        if member in definition:
            summary[member] = definition[member]
    if "ServerlessConfig" in definition:
        summary["CurrentServerlessConfig"] = definition["ServerlessConfig"]
    changing = (fleet.weight, fleet.count) != (fleet.desired_weight, fleet.desired_count)
    if busy and changing:
        summary["VariantStatus"] = [{"Status": "Updating"}]
    return summary


def _definition(deployment: Deployment, variant: str) -> Mapping[str, Any]:
    spec = deployment.spec
    return next(v for v in [*spec.variants, *spec.shadow_variants] if v["VariantName"] == variant)


def _capture(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """DataCaptureConfigSummary."""
    if config is None:
        return None
    enabled = config.get("EnableCapture", True)
    summary = {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
    }
    # The summary's KmsKeyId is required; without a key it is empty.
    return {**summary, "KmsKeyId": config.get("KmsKeyId", "")}


def _pending(deployment: Deployment) -> dict[str, Any]:
    spec = deployment.spec
    summary: dict[str, Any] = {
        "EndpointConfigName": spec.config_name,
        "ProductionVariants": [_coming(deployment, v, deployment.fleets) for v in spec.variants],
        "StartTime": deployment.started_at,
    }
    if spec.shadow_variants:
        shadows = [_coming(deployment, v, deployment.shadows) for v in spec.shadow_variants]
        summary["ShadowProductionVariants"] = shadows
    return summary


def _coming(
    deployment: Deployment, variant: Mapping[str, Any], fleets: Mapping[str, Fleet]
) -> dict[str, Any]:
    """A variant of a deployment under way."""
    status: dict[str, Any] = {"Status": deployment.phase.value, "StartTime": deployment.phase_since}
    summary: dict[str, Any] = {"VariantName": variant["VariantName"], "VariantStatus": [status]}
    if "InstanceType" in variant:
        summary["InstanceType"] = variant["InstanceType"]
    fleet = fleets.get(variant["VariantName"])
    if fleet is not None:
        summary |= _variant(fleet)
        if fleet.instances and fleet.simulation:
            status["StatusMessage"] = fleet.simulation
    return summary
