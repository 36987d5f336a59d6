"""What CreateModel refuses, in SageMaker's words: an image, a model artifact or a role that is not there.

So is a role that may not read the artifact. A role without `s3:ListBucket` cannot access an artifact that is
not there: S3 does not tell it the difference (API reference of HeadObject).
"""

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.ecr.catalog import find_image
from sandbox.aws.s3 import objects
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.serving.endpoints.spec import model_data_url

_MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)

_MOST_ENVIRONMENT_BYTES = 32 * 1024


def check_model(
    account: str, region: str, role: str, container: Mapping[str, Any], roles: ExecutionRoles
) -> None:
    """Raise SageMaker's ValidationException for a container that cannot run, or a role that is not there."""
    variables = container.get("Environment") or {}
    if sum(len(text.encode()) for pair in variables.items() for text in pair) > _MOST_ENVIRONMENT_BYTES:
        raise ValidationError(
            "The combined length of all keys and values of the Environment map must be at most 32 KB."
        )
    reference, url = container["Image"], model_data_url(container)
    image = find_image(reference)
    if image is None:
        raise ValidationError(f"Requested image {reference} not found.")
    if image.media_type not in _MANIFEST_TYPES:
        raise ValidationError(
            f"Unsupported manifest media type {image.media_type} for image {reference}. Ensure that valid "
            f"manifest media type is used for specified image. Supported types: {', '.join(_MANIFEST_TYPES)}."
        )
    readable = roles.trusted(account, role)
    if readable and url is not None:
        readable = roles.may_read(account, role, url)
        missing = readable and not objects.exists(account, url)
        if missing and roles.may_list(account, role, url):
            raise ValidationError(f"Could not find model data at {url}.")
        readable = readable and not missing
    if not readable and url is None:
        raise ValidationError(
            f'The execution role ARN "{role}" is invalid. Please ensure that the role exists and that its '
            'trust relationship policy allows the action "sts:AssumeRole" for the service principal '
            '"sagemaker.amazonaws.com".'
        )
    if not readable:
        raise ValidationError(
            f'Could not access model data at {url}. Please ensure that the role "{role}" exists and that its '
            'trust relationship policy allows the action "sts:AssumeRole" for the service principal '
            '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that '
            f"the object is located in {region}. If your Model uses multiple models or uncompressed models, "
            'please ensure that the role has "s3:ListBucket" permission.'
        )
