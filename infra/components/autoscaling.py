"""How many instances serve an endpoint: between the stage's bounds, by invocations per instance."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from release.domain import names
from release.domain.pins import Instances, is_burstable

_NAMESPACE = "sagemaker"
_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_SCALE_OUT_SECONDS = 60
_SCALE_IN_SECONDS = 300
"""Instances are added fast and taken away slowly: a new one takes minutes to serve."""


@dataclass(frozen=True)
class AutoscalingArgs:
    """Arguments of Autoscaling."""

    endpoint: str
    """The SageMaker endpoint's name."""
    serves_on: str
    """The instance type of the fleet that serves."""
    instances: Instances
    after: Sequence[pulumi.Resource]
    """The endpoint: its variant can be registered only while it is in service."""


class Autoscaling(pulumi.ComponentResource):
    """A scaling target on the live variant, and a target-tracking policy where there is a range to scale in.

    The variant keeps its name through every rollout, so neither is touched by one. A target alone holds the
    count within its bounds (RegisterScalableTarget in the API reference). A burstable type can be none.
    """

    def __init__(self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:Autoscaling", name, None, opts)
        self._args = args
        if not is_burstable(args.serves_on):
            self._scaled(name)
        self.register_outputs({})

    def _scaled(self, name: str) -> None:
        args = self._args
        target = aws.appautoscaling.Target(
            name,
            service_namespace=_NAMESPACE,
            resource_id=f"endpoint/{args.endpoint}/variant/{names.LIVE}",
            scalable_dimension=_DIMENSION,
            min_capacity=args.instances.min,
            max_capacity=args.instances.max,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        if not args.instances.scales:
            return
        tracking = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
            target_value=args.instances.invocations_per_instance,
            predefined_metric_specification=(
                aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type="SageMakerVariantInvocationsPerInstance"
                )
            ),
            scale_out_cooldown=_SCALE_OUT_SECONDS,
            scale_in_cooldown=_SCALE_IN_SECONDS,
        )
        aws.appautoscaling.Policy(
            name,
            name=f"{args.endpoint}-invocations",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            resource_id=target.resource_id,
            scalable_dimension=target.scalable_dimension,
            target_tracking_scaling_policy_configuration=tracking,
            opts=pulumi.ResourceOptions(parent=self),
        )
