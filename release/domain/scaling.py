"""Between which instance counts autoscaling moves an endpoint's live variant, and by which policy. Pure.

The stage's program declares it (`infra/components/autoscaling.py`). A rollout takes it away while the
instance type changes, which SageMaker refuses under it, and gives it back (`release/rollout/autoscaling.py`).
"""

from dataclasses import dataclass

from release.domain import names
from release.domain.pins import Instances, is_burstable

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
POLICY_TYPE = "TargetTrackingScaling"
METRIC = "SageMakerVariantInvocationsPerInstance"
SCALE_OUT_SECONDS = 60
SCALE_IN_SECONDS = 300
"""Instances are added fast and taken away slowly: a new one takes minutes to serve."""


@dataclass(frozen=True)
class Scaling:
    """The scalable target that a live variant is."""

    least: int
    most: int
    invocations: int | None
    """Target of its policy, invocations per instance and minute; None where there is no range to scale in.

    A target alone holds the count within its bounds (RegisterScalableTarget in the API reference).
    """


def scaling(instances: Instances, serves_on: str) -> Scaling | None:
    """The target of a fleet on this instance type; None for a burstable one, which can be none."""
    if is_burstable(serves_on):
        return None
    tracked = instances.invocations_per_instance if instances.scales else None
    return Scaling(instances.min, instances.max, tracked)


def resource(endpoint: str) -> str:
    """The id of an endpoint's live variant as a scalable target; `endpoint` is SageMaker's name."""
    return f"endpoint/{endpoint}/variant/{names.LIVE}"


def policy(endpoint: str) -> str:
    """The name of its policy."""
    return f"{endpoint}-invocations"
