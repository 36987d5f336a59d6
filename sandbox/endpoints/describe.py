"""DescribeEndpoint's answer. Pure: an endpoint in, the response's members out."""

from typing import Any

from sandbox.endpoints.state import Deployment, Endpoint
from sandbox.fleets.fleet import Fleet


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
        answer["ProductionVariants"] = [_variant(fleet) for fleet in endpoint.live.fleets.values()]
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


def _pending(deployment: Deployment) -> dict[str, Any]:
    variants = []
    for variant in deployment.recipe.variants:
        summary: dict[str, Any] = {
            "VariantName": variant["VariantName"],
            "VariantStatus": [{"Status": "Creating"}],
        }
        if "InstanceType" in variant:
            summary["InstanceType"] = variant["InstanceType"]
        fleet = deployment.fleets.get(variant["VariantName"])
        if fleet is not None:
            summary |= _variant(fleet)
        variants.append(summary)
    return {
        "EndpointConfigName": deployment.recipe.config_name,
        "ProductionVariants": variants,
        "StartTime": deployment.started_at,
    }
