"""The jobs of one kind, as moto's backend holds them: finding one, and what SageMaker refuses."""

from collections.abc import Mapping
from typing import Any, TypeVar

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends

from sandbox.aws.s3.objects import place_of
from sandbox.aws.shared.errors import BadRequest
from sandbox.jobs.running.objects import Owner

Job = TypeVar("Job")

NOT_FOUND = "Requested resource not found."
NO_OBJECTS = (
    'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket '
    "exists in the selected region ({region}), that objects exist under that S3 prefix, and that the role "
    '"{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
)

KINDS = {
    "training": "training_jobs",
    "processing": "processing_jobs",
    "tuning": "hyper_parameter_tuning_jobs",
    "transform": "transform_jobs",
}
"""The kinds of jobs that run here, and the dictionary of moto's backends that holds each."""


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


def no_objects(owner: Owner, uri: str) -> str:
    """What SageMaker says of an input without objects that the role may list."""
    return NO_OBJECTS.format(uri=uri, region=owner.region, role=owner.role, bucket=place_of(uri)[0])


def refuse_status(kind: str, status: str, arn: str) -> None:
    """Raise SageMaker's ValidationException for what cannot be done to a job of that status."""
    raise ValidationError(f"The request was rejected because the {kind} job is in status {status}. ({arn})")


def job_status() -> list[dict[str, Any]]:
    """What the sandbox's own status says of every job, the newest first. On the sandbox's event loop."""
    backends = [one for regions in list(sagemaker_backends.values()) for one in list(regions.values())]
    found = [
        (job.creation_time, kind, job)
        for backend in backends
        for kind, held in KINDS.items()
        for job in getattr(backend, held).values()
    ]
    return [
        {
            "kind": kind,
            "name": job.name,
            "region": job.owner.region,
            "status": str(job.status),
            "failure_reason": job.failure_reason,
        }
        for _, kind, job in sorted(found, key=lambda one: one[0], reverse=True)
    ]
