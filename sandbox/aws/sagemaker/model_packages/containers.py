"""The container that a model package serves, for CreateModel's ModelPackageName.

A version of a group has to be approved ("Update the Approval Status of a Model" in the developer guide); a
package outside of a group has no approval. The name of a group is no package's name.
"""

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import ModelPackage

from sandbox.aws.shared.errors import BadRequest

_TAKEN = ("Image", "ModelDataUrl", "ModelDataSource")
_PASSED_OVER = {
    *("ImageDigest", "ModelDataETag", "ProductId", "Framework", "FrameworkVersion", "NearestModelName"),
    *("ModelInput", "IsCheckpoint"),
}
"""What a package says of its container that changes nothing of how it is served."""


def served_container(backend: Any, container: Mapping[str, Any]) -> dict[str, Any]:
    """What runs for a container of CreateModel: itself, or its model package's with its own environment.

    Raises SageMaker's ValidationException for a package that cannot be served.
    """
    name = container.get("ModelPackageName")
    if (name is None) == all(container.get(member) is None for member in _TAKEN):
        raise ValidationError(
            "Specify one of either Image and Model Data URL or ModelPackageName in container definition."
        )
    if name is None:
        return dict(container)
    package = _approved(backend, name)
    containers = (package.inference_specification or {}).get("Containers", [])
    if len(containers) != 1:
        raise ValidationError("The sandbox runs models with exactly one container.")
    (found,) = containers
    beside = set(found) - {*_TAKEN, *_PASSED_OVER, "Environment", "ContainerHostname"}
    if beside:
        what = ", ".join(sorted(beside))
        message = f"The sandbox does not cover {what} of a model package's container, so nothing was made."
        raise BadRequest("NotImplemented", message, 501)
    own = {member: value for member, value in container.items() if member != "ModelPackageName"}
    environment = {**(found.get("Environment") or {}), **(container.get("Environment") or {})}
    taken = {member: found[member] for member in (*_TAKEN, "ContainerHostname") if member in found}
    return {**taken, **own, "Environment": environment}


def _approved(backend: Any, name: str) -> ModelPackage:
    """The package of that name or ARN. Raises SageMaker's ValidationException."""
    package = backend.model_packages.get(backend.model_package_name_mapping.get(name))
    by_group = package is not None and package.model_package_group_name and name != package.arn
    if package is None or by_group:
        raise ValidationError(f"ModelPackage {name} does not exist.")
    if package.model_package_group_name and package.model_approval_status != "Approved":
        status = package.model_approval_status or "PendingManualApproval"
        raise ValidationError(
            f"Cannot create a model from model package {package.arn}: its approval status is {status}, not "
            "Approved."
        )
    return package
