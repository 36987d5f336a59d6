"""What CreateModel refuses, in SageMaker's words: an image, a model artifact or a role that is not there."""

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends
from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.ecr.catalog import find_image
from sandbox.aws.s3 import objects
from sandbox.core.clock import visible
from sandbox.serving.endpoints.spec import model_data_url

_MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)

_MOST_ENVIRONMENT_BYTES = 32 * 1024


def check_model(account: str, region: str, role: str, container: Mapping[str, Any]) -> None:
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
    if not _can_assume(account, role):
        raise ValidationError(
            f'Could not access model data at {url}. Please ensure that the role "{role}" exists and that its '
            'trust relationship policy allows the action "sts:AssumeRole" for the service principal '
            '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that '
            f"the object is located in {region}."
        )
    if url is not None and not objects.exists(account, url):
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
