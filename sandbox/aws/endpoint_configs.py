"""SageMaker endpoint configs, kept exactly as they were given.

Adds to moto: refusal of duplicates and of models that are not there, members that moto drops, and any
instance type (moto knows only old ones).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.arns import sagemaker_arn
from sandbox.aws.models import find_model
from sandbox.aws.paging import listed
from sandbox.aws.tags import new_tags
from sandbox.core.clock import now, visible


@dataclass
class StoredConfig:
    """An endpoint config as it was created; never changed after."""

    endpoint_config_name: str
    endpoint_config_arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
    creation_time: datetime = field(default_factory=now)

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
    tags = new_tags(request.pop("Tags", []))
    name = request["EndpointConfigName"]
    arn = sagemaker_arn("endpoint-config", name, self.current_account, self.region)
    configs: dict[str, Any] = self.sagemaker_backend.endpoint_configs
    if any(taken.lower() == name.lower() for taken in configs):
        raise ValidationError(f'Cannot create already existing endpoint configuration "{arn}".')
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        if member in request:
            request[member] = [{"InitialVariantWeight": 1.0, **variant} for variant in request[member]]
    _check_variants(self, request)
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


def find_config(self: SageMakerResponse, name: str) -> StoredConfig:
    """The endpoint config of that name. Raises SageMaker's ValidationException."""
    config: Any = self.sagemaker_backend.endpoint_configs.get(name)
    if config is None or not visible("sagemaker", config.creation_time):
        arn = sagemaker_arn("endpoint-config", name, self.current_account, self.region)
        raise ValidationError(f'Could not find endpoint configuration "{arn}".')
    return config


def _check_variants(self: SageMakerResponse, request: Mapping[str, Any]) -> None:
    """Raise SageMaker's ValidationException for variants that cannot be together, or at all."""
    production, shadow = request["ProductionVariants"], request.get("ShadowProductionVariants", [])
    names = [variant["VariantName"] for variant in [*production, *shadow]]
    if len(set(names)) != len(names):
        raise ValidationError(f"Duplicate variant names {names}: each must be unique in the endpoint config.")
    if shadow and (len(production), len(shadow)) != (1, 1):
        raise ValidationError(
            "A shadow variant needs exactly one production variant, and there can be only one: "
            f"{len(production)} ProductionVariants and {len(shadow)} ShadowProductionVariants were given."
        )
    for variant in [*production, *shadow]:
        name = variant["VariantName"]
        if "ModelName" not in variant:
            raise ValidationError("The sandbox runs production variants that name a model.")
        if ("InstanceType" in variant) == ("ServerlessConfig" in variant):
            raise ValidationError(
                f"Production variant {name} must have either InstanceType and InitialInstanceCount, or "
                "ServerlessConfig."
            )
        if "InstanceType" in variant and "InitialInstanceCount" not in variant:
            raise ValidationError(f"Production variant {name} must have an InitialInstanceCount.")
        find_model(self, variant["ModelName"])
