"""What Application Auto Scaling refuses of a SageMaker variant. Pure.

Sources: RegisterScalableTarget and PutScalingPolicy in its API reference, "Register a model" in SageMaker's
developer guide. That burstable types are refused is from what users of the service report; AWS's words for
it, and for a variant that does not exist, are not documented.
"""

import re
from collections.abc import Mapping
from typing import Any

VARIANT = "sagemaker:variant:DesiredInstanceCount"
_RESOURCE = re.compile(r"^endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)$")
_BURSTABLE = re.compile(r"^ml\.t\d")


def variant_of(resource: str) -> tuple[str, str] | None:
    """Endpoint and variant of a resource id, None where it is another resource."""
    found = _RESOURCE.match(resource)
    return (found["endpoint"], found["variant"]) if found else None


def target_problem(
    resource: str, types: Mapping[str, str | None], least: int | None, most: int | None
) -> str | None:
    """Why a variant cannot be a target between `least` and `most` instances, or None.

    `types` are the endpoint's variants with their instance types; none where there is no such endpoint.
    """
    named = variant_of(resource)
    if named is None or named[1] not in types:
        return f"SageMaker endpoint variant doesn't exist: {resource}"
    kind = types[named[1]] or ""
    if _BURSTABLE.match(kind):
        return f"Automatic scaling is not supported for the instance type {kind}."
    if least is not None and most is not None and least > most:
        return "Minimum capacity cannot be greater than maximum capacity."
    return None


def variant_types(endpoint: Any) -> dict[str, str | None]:
    """The instance type of each variant that an endpoint serves; none of one that is not there."""
    if endpoint is None or endpoint.live is None:
        return {}
    return {variant["VariantName"]: variant.get("InstanceType") for variant in endpoint.live.spec.variants}
