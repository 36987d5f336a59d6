"""SageMaker's models as they are kept, in moto's backend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.core.clock import now, visible


@dataclass
class StoredModel:
    """A model as it was created. The snake_case names are those that moto's tagging and search read."""

    model_name: str
    arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
    served: Mapping[str, Any]
    """The request with the one container that really runs, as PrimaryContainer."""
    creation_time: datetime = field(default_factory=now)

    def summary(self) -> dict[str, Any]:
        """One entry of ListModels."""
        return {"ModelName": self.model_name, "ModelArn": self.arn, "CreationTime": self.creation_time}

    @property
    def response_object(self) -> dict[str, Any]:
        """DescribeModel's answer."""
        answer = {"EnableNetworkIsolation": False, **self.request}
        container = answer.get("PrimaryContainer")
        if container:
            answer["PrimaryContainer"] = {"Mode": "SingleModel", **container}
        return {**answer, "ModelArn": self.arn, "CreationTime": self.creation_time}


def find_model(self: SageMakerResponse, name: str) -> StoredModel:
    """The model of that name. Raises SageMaker's ValidationException."""
    model: Any = self.sagemaker_backend._models.get(name)
    if model is None or not visible("sagemaker", model.creation_time):
        arn = sagemaker_arn("model", name, self.current_account, self.region)
        raise ValidationError(f'Could not find model "{arn}".')
    return model
