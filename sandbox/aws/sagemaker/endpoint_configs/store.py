"""SageMaker's endpoint configs as they are kept, in moto's backend: exactly as they were given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
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


def find_config(self: SageMakerResponse, name: str) -> StoredConfig:
    """The endpoint config of that name. Raises SageMaker's ValidationException."""
    config: Any = self.sagemaker_backend.endpoint_configs.get(name)
    if config is None or not visible("sagemaker", config.creation_time):
        arn = sagemaker_arn("endpoint-config", name, self.current_account, self.region)
        raise ValidationError(f'Could not find endpoint configuration "{arn}".')
    return config
