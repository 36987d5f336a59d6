"""What moto gets wrong where model packages and their groups are made and changed.

A change keeps what it does not name, adds to the metadata, and says who made it (`IamIdentity` of UserContext
in the API reference). A version waits for its approval unless its maker says otherwise and has no tags of its
own, and the name of a group is taken once. A number is still given again after a deletion.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse
from moto.sts.models import sts_backends

from sandbox.aws.sagemaker.arns import sagemaker_arn

_create_package = SageMakerResponse.create_model_package
_create_group = SageMakerResponse.create_model_package_group


def create_model_package(self: SageMakerResponse) -> ActionResult:
    """CreateModelPackage; the group of a version by name or ARN."""
    if group := self._get_param("ModelPackageGroupName"):
        if self._get_param("Tags"):
            raise ValidationError("A version of a group uses the group's tags and can be given none.")
        self.params["ModelPackageGroupName"] = group.rpartition("/")[2]
        self.params.setdefault("ModelApprovalStatus", "PendingManualApproval")
    answer: Any = _create_package(self)
    package = _package(self, answer.result["ModelPackageArn"])
    package.created_by = {"IamIdentity": _identity(self)}
    return answer


def update_model_package(self: SageMakerResponse) -> ActionResult:
    """UpdateModelPackage."""
    package = _package(self, self._get_param("ModelPackageArn"))
    if (status := self._get_param("ModelApprovalStatus")) is not None:
        package.set_model_approval_status(status)
    if (description := self._get_param("ApprovalDescription")) is not None:
        package.approval_description = description
    kept = {
        **(package.customer_metadata_properties or {}),
        **(self._get_param("CustomerMetadataProperties") or {}),
    }
    for key in self._get_param("CustomerMetadataPropertiesToRemove") or []:
        kept.pop(key, None)
    package.customer_metadata_properties = kept or None
    package.add_additional_inference_specifications(self._get_param("AdditionalInferenceSpecificationsToAdd"))
    package.modifications_done()
    package.last_modified_by = {"IamIdentity": _identity(self)}
    return ActionResult({"ModelPackageArn": package.arn})


def create_model_package_group(self: SageMakerResponse) -> ActionResult:
    """CreateModelPackageGroup."""
    name = self._get_param("ModelPackageGroupName")
    if name in self.sagemaker_backend.model_package_groups:
        arn = sagemaker_arn("model-package-group", name, self.current_account, self.region)
        raise ValidationError(f"Model Package Group already exists: {arn}")
    return _create_group(self)


def _package(self: SageMakerResponse, name: str) -> Any:
    backend: Any = self.sagemaker_backend
    package = backend.model_packages.get(backend.model_package_name_mapping.get(name))
    if package is None:
        raise ValidationError(f"ModelPackage {name} does not exist.")
    return package


def _identity(self: SageMakerResponse) -> dict[str, str]:
    """The caller, as GetCallerIdentity names it."""
    sts = sts_backends[self.current_account]["global"]
    principal, arn, _ = sts.get_caller_identity(self.get_access_key(), self.region)
    return {"Arn": arn, "PrincipalId": principal}
