"""The actions on SageMaker's models.

Adds to moto: refusals, and a description that holds only what CreateModel was given.
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.model_packages.containers import served_container
from sandbox.aws.sagemaker.models.rules import check_model
from sandbox.aws.sagemaker.models.store import StoredModel, find_model
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import request_and_tags
from sandbox.core.clock import visible


def install(roles: ExecutionRoles) -> None:
    """Patch moto's model actions; `roles` says what an execution role may do."""

    def create_model(self: SageMakerResponse) -> ActionResult:
        return _create(self, roles)

    for action in (create_model, describe_model, delete_model, list_models):
        setattr(SageMakerResponse, action.__name__, action)


def _create(self: SageMakerResponse, roles: ExecutionRoles) -> ActionResult:
    request, tags = request_and_tags(self)
    name = request["ModelName"]
    models: dict[str, Any] = self.sagemaker_backend._models
    arn = sagemaker_arn("model", name, self.current_account, self.region)
    if any(taken.lower() == name.lower() for taken in models):
        raise ValidationError(f'Cannot create already existing model "{arn}".')
    refuse_uncovered("CreateModel", request)
    containers = request.get("Containers") or [request.get("PrimaryContainer")]
    if len(containers) != 1 or not containers[0]:
        raise ValidationError("The sandbox runs models with exactly one container.")
    container = served_container(self.sagemaker_backend, containers[0])
    others = {key: value for key, value in request.items() if key != "Containers"}
    served = {**others, "PrimaryContainer": container}
    refuse_uncovered("CreateModel", served)
    if "Image" not in container:
        raise ValidationError("The sandbox runs models whose container names an Image.")
    role = request.get("ExecutionRoleArn", "")
    check_model(self.current_account, self.region, role, container, roles)
    models[name] = StoredModel(name, arn, request, tags, served)
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
