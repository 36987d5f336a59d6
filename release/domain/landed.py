"""The landed check: what SageMaker says it serves, compared with what the pin says.

SageMaker can take an update back and end InService on the old config while every waiter reports success.
So nobody here trusts a status: the config, the variants, their weights and the digest that each variant
resolved its image to are compared one by one. Pure; asking SageMaker is `release/adapters/endpoints.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release.domain.plan import ConfigPlan, VariantPlan

Description = Mapping[str, Any]
"""DescribeEndpoint's answer."""


@dataclass(frozen=True)
class Disagreement:
    """One thing that is not as pinned."""

    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} is {_short(self.found)}, the pin says {_short(self.expected)}"


def compare(endpoint: str, config: ConfigPlan | None, description: Description | None) -> list[Disagreement]:
    """Where DescribeEndpoint's answer (None: no such endpoint) differs from `config`; empty means landed.

    `config` None means that there should be no endpoint. Instance counts are not compared: autoscaling may
    change them at any time.
    """
    if config is None:
        return [] if description is None else [Disagreement("the endpoint", "none", "there")]
    if description is None:
        return [Disagreement("the endpoint", endpoint, "missing")]
    checks = [
        ("the status", "InService", description.get("EndpointStatus")),
        ("the endpoint config", config.name, description.get("EndpointConfigName")),
        *_variants("variants", config.production, description.get("ProductionVariants") or []),
        *_variants("shadow variants", config.shadow, description.get("ShadowProductionVariants") or []),
    ]
    return [
        Disagreement(what, str(expected), str(found)) for what, expected, found in checks if expected != found
    ]


def _variants(
    kind: str, expected: Sequence[VariantPlan], found: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Any, Any]]:
    by_name = {variant.get("VariantName"): variant for variant in found}
    checks: list[tuple[str, Any, Any]] = [
        (f"the list of {kind}", sorted(variant.name for variant in expected), sorted(map(str, by_name)))
    ]
    for plan in expected:
        variant = by_name.get(plan.name)
        if variant is None:
            continue
        checks.append((f"the weight of {plan.name}", plan.weight, variant.get("CurrentWeight")))
        checks.append((f"the image digest of {plan.name}", plan.digest, _digest(variant)))
    return checks


def _digest(variant: Mapping[str, Any]) -> str:
    images = variant.get("DeployedImages") or []
    digests = {str(image.get("ResolvedImage", "")).rpartition("@")[2] for image in images}
    return " and ".join(sorted(digests)) or "unknown"


def _short(text: str) -> str:
    """Digests as people compare them: the first 12 digits."""
    return re.sub(r"sha256:([0-9a-f]{12})[0-9a-f]{52}", r"sha256:\1…", text)


def why(endpoint: str, config: ConfigPlan | None, description: Description | None) -> str | None:
    """Why SageMaker does not serve `config`, in one line with its own reason, or None when it does."""
    found = compare(endpoint, config, description)
    if not found:
        return None
    reason = failure_reason(description)
    text = "; ".join(map(str, found))
    return f"{text}. SageMaker's reason: {reason}" if reason else text


def same_variants(config: ConfigPlan, description: Description) -> bool:
    """Whether the endpoint has the variants of `config` now, production and shadow alike, by name."""
    now = [
        {variant.get("VariantName") for variant in description.get(kind) or []}
        for kind in ("ProductionVariants", "ShadowProductionVariants")
    ]
    return now == [{v.name for v in config.production}, {v.name for v in config.shadow}]


def failure_reason(description: Description | None) -> str:
    """SageMaker's own reason for the last failure, or an empty text."""
    return str((description or {}).get("FailureReason") or "")


def weights(description: Description | None) -> dict[str, float]:
    """The share of the traffic, relative to the others, that each production variant has now."""
    found = (description or {}).get("ProductionVariants") or []
    return {str(variant.get("VariantName")): float(variant.get("CurrentWeight") or 0) for variant in found}


def counts(description: Description | None) -> dict[str, int]:
    """How many instances each production variant has now."""
    found = (description or {}).get("ProductionVariants") or []
    return {
        str(variant.get("VariantName")): int(variant.get("CurrentInstanceCount") or 0) for variant in found
    }


def desired_count(description: Description | None) -> int | None:
    """Instances that the live variant should have now (autoscaling may have raised it), None without one."""
    for variant in (description or {}).get("ProductionVariants") or []:
        if variant.get("VariantName") == "live":
            return variant.get("DesiredInstanceCount")
    return None


def in_transition(description: Description | None) -> bool:
    """Whether SageMaker is still working on the endpoint, so that a comparison would be too early."""
    status = (description or {}).get("EndpointStatus")
    return status in {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
