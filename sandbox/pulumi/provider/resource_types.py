"""The table of all resource types of this provider, and the schema made from it."""

import json
from collections.abc import Mapping

from sandbox.pulumi.provider.resource import Resource
from sandbox.pulumi.provider.services import (
    appautoscaling,
    cloudwatch,
    composite_alarm,
    dashboard,
    ecr,
    events,
    iam,
    kms,
    logs,
    s3,
    sagemaker,
    sns,
)

RESOURCES: Mapping[str, Resource] = {
    resource.token: resource
    for service in (
        *(s3, ecr, events, iam, kms, logs, sns, cloudwatch, composite_alarm, dashboard),
        *(sagemaker, appautoscaling),
    )
    for resource in service.RESOURCES
}


def schema(version: str) -> str:
    """Return a minimal Pulumi package schema: the types and the names of their inputs and outputs."""
    resources = {
        token: {
            "inputProperties": dict.fromkeys(resource.properties, _ANY),
            "requiredInputs": sorted(name for name, spec in resource.properties.items() if spec.required),
            "properties": dict.fromkeys((*resource.properties, *resource.computed), _ANY),
        }
        for token, resource in RESOURCES.items()
    }
    return json.dumps({"name": "aws", "version": version, "resources": resources})


_ANY = {"$ref": "pulumi.json#/Any"}
