"""The serving trio of one endpoint: models, endpoint configs, and the endpoint that serves one of them.

What exists is `release.domain.plan`'s answer: the models and configs of every release that the stage names,
so that going back needs nothing created. Each has its content's name, so a new release adds resources and
changes none; those of a release that the stage no longer names are deleted.

The endpoint is made here, and moved by rollouts only (`release/rollout/`): which config it serves and what it
was last moved with are no part of its declaration once it is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from release.domain.capture import Capture
from release.domain.pins import Vpc
from release.domain.plan import ConfigPlan, EndpointPlan, ModelPlan, VariantPlan

MOVED_BY_ROLLOUTS = ["endpointConfigName", "deploymentConfig"]
"""Inputs of the endpoint that `pulumi up` never changes.

SageMaker keeps the deployment settings of the last update as part of the endpoint, or none; the AWS provider
would replace the endpoint, outage included, when its auto-rollback block appears or goes.
"""


@dataclass(frozen=True)
class ServingArgs:
    """Arguments of Serving."""

    plan: EndpointPlan
    role_arn: pulumi.Input[str]
    before_models: Sequence[pulumi.Resource]
    """What SageMaker needs before it accepts a model: the role's permissions, the bucket's settings."""
    before_endpoint: Sequence[pulumi.Resource]
    """What an endpoint needs besides: its alarms and its log group."""
    protect: bool
    """Refuse to delete or replace the endpoint, and with it all that it needs."""
    tags: Mapping[str, str]


class Serving(pulumi.ComponentResource):
    """One endpoint, where its plan names a release; otherwise nothing."""

    def __init__(self, name: str, args: ServingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:Serving", name, None, opts)
        self._args = args
        models = {plan.name: self._model(plan) for plan in args.plan.models}
        configs = {plan.name: self._config(plan, models) for plan in args.plan.configs}
        self.endpoint: aws.sagemaker.Endpoint | None = None
        if args.plan.first:
            self.endpoint = self._endpoint(configs[args.plan.first.name])
        self.register_outputs({})

    def _model(self, plan: ModelPlan) -> aws.sagemaker.Model:
        return aws.sagemaker.Model(
            plan.name,
            name=plan.name,
            execution_role_arn=self._args.role_arn,
            primary_container=aws.sagemaker.ModelPrimaryContainerArgs(
                image=plan.image,
                model_data_url=plan.model,
                environment=dict(plan.environment) or None,
            ),
            vpc_config=_network(plan.vpc),
            # A container that answers requests and nothing else can reach no network.
            enable_network_isolation=plan.isolated,
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._args.before_models)),
        )

    def _config(
        self, plan: ConfigPlan, models: Mapping[str, aws.sagemaker.Model]
    ) -> aws.sagemaker.EndpointConfiguration:
        return aws.sagemaker.EndpointConfiguration(
            plan.name,
            name=plan.name,
            production_variants=[
                aws.sagemaker.EndpointConfigurationProductionVariantArgs(
                    variant_name=variant.name,
                    model_name=models[variant.model_name].name,
                    instance_type=variant.instance_type,
                    initial_instance_count=variant.capacity,
                    initial_variant_weight=variant.weight,
                )
                for variant in plan.production
            ],
            shadow_production_variants=[self._shadow(variant, models) for variant in plan.shadow] or None,
            data_capture_config=_captured(plan.capture),
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _shadow(
        self, variant: VariantPlan, models: Mapping[str, aws.sagemaker.Model]
    ) -> aws.sagemaker.EndpointConfigurationShadowProductionVariantArgs:
        return aws.sagemaker.EndpointConfigurationShadowProductionVariantArgs(
            variant_name=variant.name,
            model_name=models[variant.model_name].name,
            instance_type=variant.instance_type,
            initial_instance_count=variant.capacity,
            initial_variant_weight=variant.weight,
        )

    def _endpoint(self, first: aws.sagemaker.EndpointConfiguration) -> aws.sagemaker.Endpoint:
        return aws.sagemaker.Endpoint(
            self._args.plan.endpoint,
            name=self._args.plan.endpoint,
            endpoint_config_name=first.name,
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self._args.before_models, *self._args.before_endpoint],
                protect=self._args.protect,
                ignore_changes=MOVED_BY_ROLLOUTS,
            ),
        )


def _network(vpc: Vpc | None) -> aws.sagemaker.ModelVpcConfigArgs | None:
    if vpc is None:
        return None
    return aws.sagemaker.ModelVpcConfigArgs(
        subnets=list(vpc.subnets), security_group_ids=list(vpc.security_groups)
    )


def _captured(capture: Capture | None) -> aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs | None:
    if capture is None:
        return None
    return aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs(
        enable_capture=True,
        initial_sampling_percentage=capture.percent,
        destination_s3_uri=capture.to,
        kms_key_id=capture.key,
        capture_options=[
            aws.sagemaker.EndpointConfigurationDataCaptureConfigCaptureOptionArgs(capture_mode=mode)
            for mode in (("Input", "Output") if capture.inputs else ("Output",))
        ],
    )
