"""SageMaker's tuning jobs, and the training jobs of each."""

from collections.abc import Sequence
from typing import Any

from release.adapters.aws import StageAws
from release.adapters.sdk_jobs import SdkJobs
from release.domain.training import Request, Status
from release.domain.tuning import Tried, TuningJob


class TuningJobs:
    """The tuning jobs of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws
        self._jobs = SdkJobs(aws, "HyperParameterTuningJob")

    def describe(self, name: str) -> TuningJob | None:
        """A tuning job, None when there is none of that name."""
        said = self._jobs.describe(name)
        if said is None:
            return None
        return TuningJob(
            name=name,
            status=Status(said("hyper_parameter_tuning_job_status", Status.RUNNING)),
            failure=said("failure_reason", ""),
            best=said("best_training_job.training_job_name", ""),
            done=said("training_job_status_counters.completed", 0),
        )

    def create(self, name: str, request: Request) -> None:
        """Start a tuning job."""
        self._jobs.create(name, request)

    def stop(self, name: str) -> None:
        """Have a tuning job and its training jobs stop; one that has ended is no error."""
        self._jobs.stop(name)

    def tried(self, name: str) -> Sequence[Tried]:
        """Its training jobs, in the order of their start."""
        client = self._aws.client("sagemaker")
        pages = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name, SortBy="CreationTime", SortOrder="Ascending"
        )
        return [_tried(one) for page in pages for one in page["TrainingJobSummaries"]]


def _tried(summary: dict[str, Any]) -> Tried:
    measured = summary.get("FinalHyperParameterTuningJobObjectiveMetric") or {}
    return Tried(summary["TrainingJobName"], summary["TunedHyperParameters"], measured.get("Value"))
