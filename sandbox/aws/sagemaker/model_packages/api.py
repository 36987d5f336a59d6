"""Model packages and their groups: the deletions that moto lacks, and what it gets wrong (`changes.py`)."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.model_packages import changes


def install() -> None:
    """Patch moto's model package actions."""
    for action in (
        changes.create_model_package,
        changes.update_model_package,
        changes.create_model_package_group,
        delete_model_package,
        delete_model_package_group,
    ):
        setattr(SageMakerResponse, action.__name__, action)


def delete_model_package(self: SageMakerResponse) -> ActionResult:
    """DeleteModelPackage, by name or ARN."""
    name = self._get_param("ModelPackageName")
    backend: Any = self.sagemaker_backend
    arn = backend.model_package_name_mapping.get(name)
    if arn is None or arn not in backend.model_packages:
        raise ValidationError(f"ModelPackage {name} does not exist.")
    del backend.model_packages[arn]
    for known in [key for key, value in backend.model_package_name_mapping.items() if value == arn]:
        del backend.model_package_name_mapping[known]
    return EmptyResult()


def delete_model_package_group(self: SageMakerResponse) -> ActionResult:
    """DeleteModelPackageGroup; as on AWS, a group that holds packages is not deleted."""
    name = self._get_param("ModelPackageGroupName").rpartition("/")[2]
    backend: Any = self.sagemaker_backend
    if name not in backend.model_package_groups:
        arn = sagemaker_arn("model-package-group", name, self.current_account, self.region)
        raise ValidationError(f"ModelPackageGroup {arn} does not exist.")
    if any(package.model_package_group_name == name for package in backend.model_packages.values()):
        raise ValidationError(
            "Model Package Group cannot be deleted because it still contains Model Packages."
        )
    del backend.model_package_groups[name]
    return EmptyResult()
