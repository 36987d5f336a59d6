"""The serving trio of one endpoint: models, endpoint configs, and the endpoint that serves one of them.

What exists is `release.domain.plan`'s answer: the models and configs of every release that the stage names,
so that going back needs nothing created. Each has its content's name, so a new release adds resources and
changes none; those of a release that the stage no longer names are deleted after the endpoint has moved.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pulumi_aws as aws

from release.domain.plan import ConfigPlan, DeploymentPlan, EndpointPlan, ModelPlan, deployment_config


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
    """One endpoint, where its plan has a live release; otherwise only what the plan names, or nothing."""

    def __init__(self, name: str, args: ServingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:Serving", name, None, opts)
        self._args = args
        models = {plan.name: self._model(plan) for plan in args.plan.models}
        configs = {plan.name: self._config(plan, models) for plan in args.plan.configs}
        self.endpoint: aws.sagemaker.Endpoint | None = None
        if args.plan.live and args.plan.deployment:
            self.endpoint = self._endpoint(configs[args.plan.live.name], args.plan.deployment)
        self.register_outputs({})

    def _model(self, plan: ModelPlan) -> aws.sagemaker.Model:
        return aws.sagemaker.Model(
            plan.name,
            name=plan.name,
            execution_role_arn=self._args.role_arn,
            primary_container=aws.sagemaker.ModelPrimaryContainerArgs(
                image=plan.image, model_data_url=plan.model
            ),
            # The container answers requests and nothing else: it can reach no network.
            enable_network_isolation=True,
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
                    variant_name=plan.variant,
                    model_name=models[plan.model_name].name,
                    instance_type=plan.instance_type,
                    initial_instance_count=plan.capacity,
                    initial_variant_weight=plan.weight,
                )
            ],
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _endpoint(
        self, live: aws.sagemaker.EndpointConfiguration, deployment: DeploymentPlan
    ) -> aws.sagemaker.Endpoint:
        return aws.sagemaker.Endpoint(
            self._args.plan.endpoint,
            name=self._args.plan.endpoint,
            endpoint_config_name=live.name,
            deployment_config=_deployment_config(deployment),
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self._args.before_models, *self._args.before_endpoint],
                protect=self._args.protect,
            ),
        )


def _deployment_config(plan: DeploymentPlan) -> aws.sagemaker.EndpointDeploymentConfigArgsDict:
    """The plan as the provider spells it: the members of SageMaker's own API in snake case."""
    return cast("aws.sagemaker.EndpointDeploymentConfigArgsDict", _snake_case(deployment_config(plan)))


def _snake_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): _snake_case(item) for key, item in value.items()
        }
    return [_snake_case(item) for item in value] if isinstance(value, list) else value
