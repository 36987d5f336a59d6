"""The actions on SageMaker's hyperparameter tuning jobs. How they run is in `sandbox.jobs.tuning`.

Adds to moto: jobs that run, by random and by grid search.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.jobs.actions import JobActions
from sandbox.aws.sagemaker.jobs.lookup import TUNING, refuse_status
from sandbox.aws.sagemaker.jobs.training.api import TrainingJobs, with_defaults
from sandbox.aws.sagemaker.jobs.tuning.description import describe, summary, training_summary
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import request_and_tags
from sandbox.aws.shared.moto_actions import replace
from sandbox.core.loop import LoopWork
from sandbox.jobs.running.job import OVER
from sandbox.jobs.training.state import TrainingJob
from sandbox.jobs.tuning.search import BadRange, checked_number_of_jobs
from sandbox.jobs.tuning.state import TuningJob
from sandbox.jobs.tuning.tuner import Tuner

_OF_TUNING = ("DefinitionName", "StaticHyperParameters")
"""Members of a TrainingJobDefinition that a training job's own request does not have."""

NO_METRIC = (
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric "
    "definitions."
)
"""aws/amazon-sagemaker-examples#1207"""


class TuningJobs(JobActions[TuningJob]):
    """Creates, describes, lists, stops and deletes tuning jobs."""

    def __init__(self, work: LoopWork, training: TrainingJobs) -> None:
        super().__init__(TUNING, work, Tuner(self._launch).run, describe, summary)
        self._training = training

    def install(self) -> None:
        """Replace moto's actions."""
        super().install()
        replace(SageMakerResponse, "delete_hyper_parameter_tuning_job", self.delete)
        name = "list_training_jobs_for_hyper_parameter_tuning_job"
        replace(SageMakerResponse, name, self.list_training_jobs)

    def create(self, response: SageMakerResponse) -> ActionResult:
        """CreateHyperParameterTuningJob."""
        request, tags = request_and_tags(response)
        account, region = response.current_account, response.region
        name, arn = self.admitted(account, region, request)
        number = _checked(request)
        # a training job that would be refused is refused now, by the words of its own action
        first = self._training.checked(account, region, _training_request(request, f"{name}-001", {}), tags)
        job = TuningJob(first.owner, name, arn, request, tags, number)
        self._work.call(partial(self.begin, job))
        return ActionResult({"HyperParameterTuningJobArn": arn})

    def _launch(self, job: TuningJob, name: str, hyperparameters: dict[str, str]) -> TrainingJob:
        request = with_defaults(_training_request(job.request, name, hyperparameters))
        arn = self._training.arn(job.owner.account, job.owner.region, name)
        launched = TrainingJob(job.owner, name, arn, request, list(job.tags), tuning_job_arn=job.arn)
        self._training.begin(launched)
        return launched

    def list(self, response: SageMakerResponse) -> ActionResult:
        """ListHyperParameterTuningJobs."""
        return self._page(response, _by_name(response.params))

    def list_training_jobs(self, response: SageMakerResponse) -> ActionResult:
        """ListTrainingJobsForHyperParameterTuningJob; by their objective, those that have a value."""
        job = self.named(response)
        entries = self._work.call(lambda: [training_summary(job, one) for one in job.jobs])
        params = _by_name(response.params)
        member, status = "TrainingJobSummaries", "TrainingJobStatus"
        objective = "FinalHyperParameterTuningJobObjectiveMetric"
        if params["SortBy"] == "FinalObjectiveMetricValue":
            entries = [{**one, "Value": one[objective]["Value"]} for one in entries if objective in one]
        page = listed(
            member, entries, "TrainingJobName", params, status, {"FinalObjectiveMetricValue": "Value"}
        )
        return ActionResult(page)

    def delete(self, response: SageMakerResponse) -> ActionResult:
        """DeleteHyperParameterTuningJob: the entry alone, of a job that is over."""
        job = self.named(response)

        def delete() -> None:
            if job.status not in OVER:
                refuse_status(TUNING, job.status, job.arn)
            self.held(job.owner.account, job.owner.region).pop(job.name, None)

        self._work.call(delete)
        return EmptyResult()


def _checked(request: Mapping[str, Any]) -> int:
    """How many training jobs a request asks for. Raises SageMaker's ValidationException."""
    config, definition = request["HyperParameterTuningJobConfig"], request.get("TrainingJobDefinition")
    if definition is None:
        raise ValidationError("TrainingJobDefinition is required.")
    metrics = definition["AlgorithmSpecification"].get("MetricDefinitions") or []
    objective = config.get("HyperParameterTuningJobObjective") or {}
    if objective.get("MetricName") not in [one["Name"] for one in metrics]:
        raise ValidationError(NO_METRIC)
    asked = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    try:
        return checked_number_of_jobs(config["Strategy"], config.get("ParameterRanges") or {}, asked)
    except BadRange as error:
        raise ValidationError(str(error)) from error


def _training_request(
    request: Mapping[str, Any], name: str, hyperparameters: Mapping[str, str]
) -> dict[str, Any]:
    """CreateTrainingJob's request for one training job of a tuning job."""
    definition = request["TrainingJobDefinition"]
    own = {key: value for key, value in definition.items() if key not in _OF_TUNING}
    return {**own, "TrainingJobName": name, "HyperParameters": dict(hyperparameters)}


def _by_name(params: Mapping[str, Any]) -> dict[str, Any]:
    """The lists of tuning are sorted by name, ascending, where nothing else is asked for."""
    asked = dict(params)
    return {
        **asked,
        "SortBy": asked.get("SortBy") or "Name",
        "SortOrder": asked.get("SortOrder") or "Ascending",
    }
