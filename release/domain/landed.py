"""The landed check: what SageMaker says it serves, compared with what the pin says.

SageMaker can take an update back and end InService on the old config while every waiter reports success.
So nobody here trusts a status: the config, the variants, their weights and the digest that each variant
resolved its image to are compared one by one. Pure; asking SageMaker is `release/adapters/endpoints.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release.domain.plan import EndpointPlan


@dataclass(frozen=True)
class Disagreement:
    """One thing that is not as pinned."""

    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} is {_short(self.found)}, the pin says {_short(self.expected)}"


def compare(plan: EndpointPlan, description: Mapping[str, Any] | None) -> list[Disagreement]:
    """Where DescribeEndpoint's answer (None: no such endpoint) differs from the plan; empty means landed.

    Instance counts are not compared: autoscaling may change them at any time.
    """
    if plan.live is None:
        return [] if description is None else [Disagreement("the endpoint", "none", "there")]
    if description is None:
        return [Disagreement("the endpoint", plan.endpoint, "missing")]
    checks = [
        ("the status", "InService", description.get("EndpointStatus")),
        ("the endpoint config", plan.live.name, description.get("EndpointConfigName")),
        *_variant_checks(plan, description.get("ProductionVariants") or []),
    ]
    return [
        Disagreement(what, str(expected), str(found)) for what, expected, found in checks if expected != found
    ]


def _variant_checks(plan: EndpointPlan, variants: list[Mapping[str, Any]]) -> list[tuple[str, Any, Any]]:
    assert plan.live is not None
    names = [variant.get("VariantName") for variant in variants]
    checks: list[tuple[str, Any, Any]] = [("the list of variants", [plan.live.variant], names)]
    for variant in variants:
        name = variant.get("VariantName")
        checks.append((f"the weight of {name}", plan.live.weight, variant.get("CurrentWeight")))
        images = variant.get("DeployedImages") or []
        digests = {str(image.get("ResolvedImage", "")).rpartition("@")[2] for image in images}
        found = " and ".join(sorted(digests)) or "unknown"
        checks.append((f"the image digest of {name}", plan.live_digest, found))
    return checks


def _short(text: str) -> str:
    """Digests as people compare them: the first 12 digits."""
    return re.sub(r"sha256:([0-9a-f]{12})[0-9a-f]{52}", r"sha256:\1…", text)


def failure_reason(description: Mapping[str, Any] | None) -> str:
    """SageMaker's own reason for the last failure, or an empty text."""
    return str((description or {}).get("FailureReason") or "")


def in_transition(description: Mapping[str, Any] | None) -> bool:
    """Whether SageMaker is still working on the endpoint, so that a comparison would be too early."""
    status = (description or {}).get("EndpointStatus")
    return status in {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
