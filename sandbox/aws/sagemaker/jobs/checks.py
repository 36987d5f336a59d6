"""What the creation of any job refuses, in SageMaker's words: a role, or data, that is not there.

A prefix without objects is refused at once (aws/amazon-sagemaker-examples#2489); an image that is not there
only when the job would pull it. NOT_ASSUMED is what is said of a role that cannot be assumed.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.s3 import objects
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.jobs.running.objects import Owner
from sandbox.serving.endpoints.failures import NOT_ASSUMED

NO_OBJECTS = (
    'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket '
    "exists in the selected region ({region}), that objects exist under that S3 prefix, and that the role "
    '"{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
)


def refuse_role(roles: ExecutionRoles, owner: Owner) -> None:
    """Raise SageMaker's ValidationException for a role that SageMaker may not assume."""
    if not roles.trusted(owner.account, owner.role):
        raise ValidationError(NOT_ASSUMED.format(owner.role))


def refuse_sources(roles: ExecutionRoles, owner: Owner, sources: Iterable[Mapping[str, Any]]) -> None:
    """Raise SageMaker's ValidationException for a prefix without objects that the role may list."""
    for source in sources:
        uri = source["S3Uri"]
        if source["S3DataType"] != "S3Prefix":
            continue
        if not roles.may_list(owner.account, owner.role, uri) or not objects.below(owner.account, uri):
            bucket = urlsplit(uri).netloc
            raise ValidationError(
                NO_OBJECTS.format(uri=uri, region=owner.region, role=owner.role, bucket=bucket)
            )
