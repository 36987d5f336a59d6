"""SageMaker endpoint configs, kept exactly as they were given.

Adds to moto: refusal of duplicates and of models that are not there, members that moto drops, and any
instance type (moto knows only old ones).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.arns import sagemaker_arn
from sandbox.aws.models import find_model
from sandbox.aws.paging import listed


@dataclass
class StoredConfig:
    """An endpoint config as it was created; never changed after."""

    endpoint_config_name: str
    endpoint_config_arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
    creation_time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def summary(self) -> dict[str, Any]:
        """One entry of ListEndpointConfigs."""
        return {
            "EndpointConfigName": self.endpoint_config_name,
            "EndpointConfigArn": self.endpoint_config_arn,
            "CreationTime": self.creation_time,
        }

    def description(self) -> dict[str, Any]:
        """DescribeEndpointConfig's answer."""
        return {"EnableNetworkIsolation": False, **self.request, **self.summary()}


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
    request = {key: value for key, value in dict(self.params).items() if value not in (None, {}, [])}
    tags = request.pop("Tags", [])
    name = request["EndpointConfigName"]
    arn = sagemaker_arn("endpoint-config", name, self.current_account, self.region)
    configs: dict[str, Any] = self.sagemaker_backend.endpoint_configs
    if name in configs:
        raise ValidationError(f'Cannot create already existing endpoint configuration "{arn}".')
    variants: list[dict[str, Any]] = [
        {"InitialVariantWeight": 1.0, **variant} for variant in request["ProductionVariants"]
    ]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) != len(names):
        raise ValidationError(f"Duplicate variant names {names}: each must be unique in the endpoint config.")
    for variant in variants:
        if "ModelName" not in variant:
            raise ValidationError("The sandbox runs production variants that name a model.")
        find_model(self, variant["ModelName"])
    request["ProductionVariants"] = variants
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
    entries = [config.summary() for config in configs]
    return ActionResult(listed("EndpointConfigs", entries, "EndpointConfigName", self.params))


def find_config(self: SageMakerResponse, name: str) -> StoredConfig:
    """The endpoint config of that name. Raises SageMaker's ValidationException."""
    config: Any = self.sagemaker_backend.endpoint_configs.get(name)
    if config is None:
        arn = sagemaker_arn("endpoint-config", name, self.current_account, self.region)
        raise ValidationError(f'Could not find endpoint configuration "{arn}".')
    return config
