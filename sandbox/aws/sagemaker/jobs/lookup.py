"""The kinds of jobs, and their jobs as moto's backends hold them: finding one, what SageMaker refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Kind:
    """A kind of jobs: how the sandbox, moto, SageMaker's members and SageMaker's refusals call it."""

    name: str
    moto: str
    member: str
    said: str

    def held_by(self, backend: Any) -> dict[str, Any]:
        """The dictionary in which a backend of moto's holds the jobs."""
        return getattr(backend, f"{self.moto}s")


TRAINING = Kind("training", "training_job", "TrainingJob", "training")
PROCESSING = Kind("processing", "processing_job", "ProcessingJob", "processing")
TUNING = Kind("tuning", "hyper_parameter_tuning_job", "HyperParameterTuningJob", "hyperparameter tuning")
TRANSFORM = Kind("transform", "transform_job", "TransformJob", "transform")
KINDS = (TRAINING, PROCESSING, TUNING, TRANSFORM)
"""The kinds of jobs that run here."""


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


def refuse_status(kind: Kind, status: str, arn: str) -> None:
    """Raise SageMaker's ValidationException for what cannot be done to a job of that status."""
    raise ValidationError(
        f"The request was rejected because the {kind.said} job is in status {status}. ({arn})"
    )


def all_backends() -> list[Any]:
    """moto's SageMaker of every account and region."""
    return [one for regions in list(sagemaker_backends.values()) for one in list(regions.values())]


def job_status() -> list[dict[str, Any]]:
    """What the sandbox's own status says of every job, the newest first. On the sandbox's event loop."""
    found = [
        (job.creation_time, kind.name, job)
        for backend in all_backends()
        for kind in KINDS
        for job in kind.held_by(backend).values()
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
