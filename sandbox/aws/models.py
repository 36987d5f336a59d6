"""SageMaker models: CreateModel refuses what it cannot find, in SageMaker's words.

Adds to moto: the checks, refusal of duplicates, and a description that holds only what was given.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.models import iam_backends
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws import objects
from sandbox.aws.arns import sagemaker_arn
from sandbox.aws.ecr import find_image
from sandbox.aws.paging import listed
from sandbox.aws.tags import new_tags
from sandbox.core.clock import now, visible
from sandbox.serving.endpoints.recipe import model_data_url

_MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)


@dataclass
class StoredModel:
    """A model as it was created. The snake_case names are those that moto's tagging and search read."""

    model_name: str
    arn: str
    request: Mapping[str, Any]
    tags: list[dict[str, str]]
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


def install() -> None:
    """Patch moto's model actions."""
    actions = (create_model, describe_model, delete_model, list_models)
    for action in actions:
        setattr(SageMakerResponse, action.__name__, action)


def create_model(self: SageMakerResponse) -> ActionResult:
    """CreateModel."""
    request = {key: value for key, value in dict(self.params).items() if value not in (None, {}, [])}
    tags = new_tags(request.pop("Tags", []))
    name = request["ModelName"]
    models: dict[str, Any] = self.sagemaker_backend._models
    arn = sagemaker_arn("model", name, self.current_account, self.region)
    if any(taken.lower() == name.lower() for taken in models):
        raise ValidationError(f'Cannot create already existing model "{arn}".')
    containers = request.get("Containers") or [request.get("PrimaryContainer")]
    if len(containers) != 1 or not containers[0] or "Image" not in containers[0]:
        raise ValidationError("The sandbox runs models with exactly one container that names an Image.")
    _check(self, request.get("ExecutionRoleArn", ""), containers[0])
    models[name] = StoredModel(name, arn, request, tags)
    return ActionResult({"ModelArn": arn})


def describe_model(self: SageMakerResponse) -> ActionResult:
    """DescribeModel."""
    return ActionResult(find_model(self, self._get_param("ModelName")).response_object)


def delete_model(self: SageMakerResponse) -> ActionResult:
    """DeleteModel; as on AWS, endpoints that use the model go on."""
    model = find_model(self, self._get_param("ModelName"))
    del self.sagemaker_backend._models[model.model_name]
    return EmptyResult()


def list_models(self: SageMakerResponse) -> ActionResult:
    """ListModels."""
    models: list[Any] = list(self.sagemaker_backend._models.values())
    entries = [model.summary() for model in models if visible("sagemaker", model.creation_time)]
    return ActionResult(listed("Models", entries, "ModelName", self.params))


def find_model(self: SageMakerResponse, name: str) -> StoredModel:
    """The model of that name. Raises SageMaker's ValidationException."""
    model: Any = self.sagemaker_backend._models.get(name)
    if model is None or not visible("sagemaker", model.creation_time):
        arn = sagemaker_arn("model", name, self.current_account, self.region)
        raise ValidationError(f'Could not find model "{arn}".')
    return model


def _check(self: SageMakerResponse, role: str, container: Mapping[str, Any]) -> None:
    reference, url = container["Image"], model_data_url(container)
    image = find_image(reference)
    if image is None:
        raise ValidationError(f"Requested image {reference} not found.")
    if image.media_type not in _MANIFEST_TYPES:
        raise ValidationError(
            f"Unsupported manifest media type {image.media_type} for image {reference}. Ensure that valid "
            f"manifest media type is used for specified image. Supported types: {', '.join(_MANIFEST_TYPES)}."
        )
    if not _can_assume(self.current_account, role):
        raise ValidationError(
            f'Could not access model data at {url}. Please ensure that the role "{role}" exists and that its '
            'trust relationship policy allows the action "sts:AssumeRole" for the service principal '
            '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that '
            f"the object is located in {self.region}."
        )
    if url is not None and not objects.exists(self.current_account, url):
        raise ValidationError(f"Could not find model data at {url}.")


def _can_assume(account: str, arn: str) -> bool:
    """Whether the role exists and trusts SageMaker."""
    roles = iam_backends[account]["aws"].roles.values()
    role = next((role for role in roles if role.arn == arn), None)
    if role is None or not visible("iam", role.create_date):
        return False
    document = role.assume_role_policy_document
    policy = json.loads(document) if isinstance(document, str) else document
    return "sagemaker.amazonaws.com" in json.dumps(policy)
