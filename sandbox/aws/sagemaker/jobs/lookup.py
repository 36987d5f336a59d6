"""The jobs of one kind, as moto's backend holds them: finding one, and what SageMaker refuses."""

from collections.abc import Mapping
from typing import TypeVar

from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.shared.errors import BadRequest

Job = TypeVar("Job")

NOT_FOUND = "Requested resource not found."


def find_job(jobs: Mapping[str, Job], name: str) -> Job:
    """The job of that name. Raises SageMaker's ValidationException."""
    found = jobs.get(name)
    if found is None:
        raise ValidationError(NOT_FOUND)
    return found


def refuse_taken(jobs: Mapping[str, object], name: str, arn: str) -> None:
    """Raise SageMaker's ResourceInUse for a name that a job has, whatever its case."""
    if any(taken.lower() == name.lower() for taken in jobs):
        raise BadRequest(
            "ResourceInUse",
            "Job name must be unique within an AWS account and region, and a job with this name already "
            f"exists ({arn})",
        )


def refuse_over(kind: str, status: str, arn: str) -> None:
    """Raise SageMaker's ValidationException for a job that cannot be stopped, as it is over."""
    raise ValidationError(f"The request was rejected because the {kind} job is in status {status}. ({arn})")
