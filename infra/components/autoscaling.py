"""How many instances serve an endpoint: between the stage's bounds, by invocations per instance."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from release.domain import scaling
from release.domain.pins import Instances
from release.domain.scaling import Scaling


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
        asked = scaling.scaling(args.instances, args.serves_on)
        if asked is not None:
            self._scaled(name, asked)
        self.register_outputs({})

    def _scaled(self, name: str, asked: Scaling) -> None:
        args = self._args
        target = aws.appautoscaling.Target(
            name,
            service_namespace=scaling.NAMESPACE,
            resource_id=scaling.resource(args.endpoint),
            scalable_dimension=scaling.DIMENSION,
            min_capacity=asked.least,
            max_capacity=asked.most,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        if asked.invocations is None:
            return
        tracking = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
            target_value=asked.invocations,
            predefined_metric_specification=(
                aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type=scaling.METRIC
                )
            ),
            scale_out_cooldown=scaling.SCALE_OUT_SECONDS,
            scale_in_cooldown=scaling.SCALE_IN_SECONDS,
        )
        aws.appautoscaling.Policy(
            name,
            name=scaling.policy(args.endpoint),
            policy_type=scaling.POLICY_TYPE,
            service_namespace=target.service_namespace,
            resource_id=target.resource_id,
            scalable_dimension=target.scalable_dimension,
            target_tracking_scaling_policy_configuration=tracking,
            opts=pulumi.ResourceOptions(parent=self),
        )
