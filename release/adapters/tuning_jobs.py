"""SageMaker's tuning jobs by its own SDK, which is loaded when one is started or asked for."""

import os
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import StageAws, error_code
from release.adapters.training_jobs import ABSENT, ENDED, said_by
from release.domain.training import Request, Status
from release.domain.tuning import Tried, TuningJob


class TuningJobs:
    """The tuning jobs of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws

    def describe(self, name: str) -> TuningJob | None:
        """A tuning job, None when there is none of that name."""
        try:
            found = self._sdk().get(name, session=self._aws.session, region=self._aws.region)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        said = said_by(found)
        return TuningJob(
            name=name,
            status=Status(said("hyper_parameter_tuning_job_status", Status.RUNNING)),
            failure=said("failure_reason", ""),
            best=said("best_training_job.training_job_name", ""),
            done=said("training_job_status_counters.completed", 0),
        )

    def create(self, name: str, request: Request) -> None:
        """Start a tuning job."""
        where = {"session": self._aws.session, "region": self._aws.region}
        self._sdk().create(hyper_parameter_tuning_job_name=name, **where, **request)

    def stop(self, name: str) -> None:
        """Have a tuning job and its training jobs stop; one that has ended is no error."""
        try:
            client = self._aws.client("sagemaker")
            client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        except ClientError as error:
            if error_code(error) not in ENDED:
                raise

    def tried(self, name: str) -> Sequence[Tried]:
        """Its training jobs, in the order of their start."""
        client = self._aws.client("sagemaker")
        pages = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name, SortBy="CreationTime", SortOrder="Ascending"
        )
        return [_tried(one) for page in pages for one in page["TrainingJobSummaries"]]

    def _sdk(self) -> Any:
        """The SDK's class of tuning jobs. It asks for a region as it is loaded."""
        os.environ.setdefault("AWS_REGION", self._aws.region)
        from sagemaker.core.resources import HyperParameterTuningJob

        return HyperParameterTuningJob


def _tried(summary: dict[str, Any]) -> Tried:
    measured = summary.get("FinalHyperParameterTuningJobObjectiveMetric") or {}
    return Tried(summary["TrainingJobName"], summary["TunedHyperParameters"], measured.get("Value"))
