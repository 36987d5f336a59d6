"""The actions on SageMaker's endpoint configs.

Adds to moto: refusal of duplicates and of models that are not there, members that moto drops, and any
instance type (moto knows only old ones).
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.endpoint_configs.rules import check_variants
from sandbox.aws.sagemaker.endpoint_configs.store import StoredConfig, find_config
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.models.store import find_model
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import request_and_tags
from sandbox.core.clock import visible


def install() -> None:
    """Patch moto's endpoint config actions."""
    actions = (
        create_endpoint_config,
        describe_endpoint_config,
        delete_endpoint_config,
        list_endpoint_configs,
    )
    for action in actions:
        setattr(SageMakerResponse, action.__name__, action)


def create_endpoint_config(self: SageMakerResponse) -> ActionResult:
    """CreateEndpointConfig."""
    request, tags = request_and_tags(self)
    name = request["EndpointConfigName"]
    arn = sagemaker_arn("endpoint-config", name, self.current_account, self.region)
    configs: dict[str, Any] = self.sagemaker_backend.endpoint_configs
    if any(taken.lower() == name.lower() for taken in configs):
        raise ValidationError(f'Cannot create already existing endpoint configuration "{arn}".')
    refuse_uncovered("CreateEndpointConfig", request)
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        if member in request:
            request[member] = [{"InitialVariantWeight": 1.0, **variant} for variant in request[member]]
    check_variants(request)
    for variant in [*request["ProductionVariants"], *request.get("ShadowProductionVariants", [])]:
        find_model(self, variant["ModelName"])
    configs[name] = StoredConfig(name, arn, request, tags)
    return ActionResult({"EndpointConfigArn": arn})


def describe_endpoint_config(self: SageMakerResponse) -> ActionResult:
    """DescribeEndpointConfig."""
    return ActionResult(find_config(self, self._get_param("EndpointConfigName")).description())


def delete_endpoint_config(self: SageMakerResponse) -> ActionResult:
    """DeleteEndpointConfig; as on AWS, endpoints that use it go on."""
    config = find_config(self, self._get_param("EndpointConfigName"))
    del self.sagemaker_backend.endpoint_configs[config.endpoint_config_name]
    return EmptyResult()


def list_endpoint_configs(self: SageMakerResponse) -> ActionResult:
    """ListEndpointConfigs."""
    configs: list[Any] = list(self.sagemaker_backend.endpoint_configs.values())
    entries = [config.summary() for config in configs if visible("sagemaker", config.creation_time)]
    return ActionResult(listed("EndpointConfigs", entries, "EndpointConfigName", self.params))
