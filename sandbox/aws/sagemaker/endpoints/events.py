"""What SageMaker tells EventBridge of an endpoint: the detail of its state changes. Pure.

The members and the spelling of the status are those of "SageMaker endpoint state change" in the developer
guide: `IN_SERVICE` where DescribeEndpoint says `InService`.
"""

import re
from datetime import datetime
from typing import Any

from sandbox.aws.sagemaker.endpoints.description import describe_endpoint
from sandbox.serving.endpoints.state import Endpoint

SOURCE, TYPE = "aws.sagemaker", "SageMaker Endpoint State Change"
_VARIANT = ("VariantName", "CurrentWeight", "DesiredWeight", "CurrentInstanceCount", "DesiredInstanceCount")


def detail(endpoint: Endpoint) -> dict[str, Any]:
    """The event's detail, as the endpoint is now."""
    described = describe_endpoint(endpoint)
    found = {
        "EndpointName": endpoint.endpoint_name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config_name,
        "ProductionVariants": [
            {name: variant[name] for name in _VARIANT if variant.get(name) is not None}
            for variant in described.get("ProductionVariants", [])
        ],
        "EndpointStatus": status(endpoint.endpoint_status.value),
        "FailureReason": endpoint.failure_reason,
        "CreationTime": _milliseconds(endpoint.creation_time),
        "LastModifiedTime": _milliseconds(endpoint.last_modified_time),
        "Tags": {tag["Key"]: tag["Value"] for tag in endpoint.tags},
    }
    return {name: value for name, value in found.items() if value is not None}


def status(described: str) -> str:
    """A status as events spell it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", described).upper()


def _milliseconds(at: datetime) -> float:
    return float(round(at.timestamp() * 1000))
