"""The actions on SageMaker's hyperparameter tuning jobs. How they run is in `sandbox.jobs.tuning`.

Adds to moto: jobs that run, by random and by grid search.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.jobs.lookup import find_job, refuse_status, refuse_taken
from sandbox.aws.sagemaker.jobs.training.api import TrainingJobs, with_defaults
from sandbox.aws.sagemaker.jobs.tuning.description import describe, summary, training_summary
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import new_tags
from sandbox.aws.shared.moto_actions import replace
from sandbox.core.loop import LoopWork
from sandbox.jobs.running.job import OVER
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.training.state import TrainingJob
from sandbox.jobs.tuning.search import BadRange, checked_number_of_jobs
from sandbox.jobs.tuning.state import TuningJob
from sandbox.jobs.tuning.tuner import Tuner

_NAME = "HyperParameterTuningJobName"
_OF_TUNING = ("DefinitionName", "StaticHyperParameters")
"""Members of a TrainingJobDefinition that a training job's own request does not have."""

NO_METRIC = (
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric "
    "definitions."
)
"""aws/amazon-sagemaker-examples#1207"""


class TuningJobs:
    """Creates, describes, lists and stops tuning jobs; moto's backends hold them."""

    def __init__(self, work: LoopWork, training: TrainingJobs) -> None:
        self._work = work
        self._training = training
        self._tuner = Tuner(self._launch)

    def install(self) -> None:
        """Replace moto's actions."""
        for verb in ("create", "describe", "stop", "delete"):
            replace(SageMakerResponse, f"{verb}_hyper_parameter_tuning_job", getattr(self, verb))
        replace(SageMakerResponse, "list_hyper_parameter_tuning_jobs", self.list)
        name = "list_training_jobs_for_hyper_parameter_tuning_job"
        replace(SageMakerResponse, name, self.list_training_jobs)

    def create(self, response: SageMakerResponse) -> ActionResult:
        """CreateHyperParameterTuningJob."""
        request = {key: value for key, value in dict(response.params).items() if value not in (None, {}, [])}
        tags = new_tags(request.pop("Tags", []))
        account, region, name = response.current_account, response.region, request[_NAME]
        arn = sagemaker_arn("hyper-parameter-tuning-job", name, account, region)
        jobs = _jobs(response)
        refuse_taken(jobs, name, arn)
        refuse_uncovered("CreateHyperParameterTuningJob", request)
        number = _checked(request)
        # a training job that would be refused is refused now, by the words of its own action
        first = self._training.checked(account, region, _training_request(request, f"{name}-001", {}), tags)
        job = TuningJob(first.owner, name, arn, request, tags, number)
        self._work.call(partial(self._begin, jobs, job))
        return ActionResult({"HyperParameterTuningJobArn": arn})

    def _begin(self, jobs: dict[str, TuningJob], job: TuningJob) -> None:
        refuse_taken(jobs, job.name, job.arn)
        jobs[job.name] = job
        self._work.begin(self._tuner.run(job))

    def _launch(self, job: TuningJob, name: str, hyperparameters: dict[str, str]) -> TrainingJob:
        owner: Owner = job.owner
        request = with_defaults(_training_request(job.request, name, hyperparameters))
        arn = sagemaker_arn("training-job", name, owner.account, owner.region)
        launched = TrainingJob(owner, name, arn, request, list(job.tags), tuning_job_arn=job.arn)
        self._training.begin(launched)
        return launched

    def describe(self, response: SageMakerResponse) -> ActionResult:
        """DescribeHyperParameterTuningJob."""
        job = _named(response)
        return ActionResult(self._work.call(partial(describe, job)))

    def list(self, response: SageMakerResponse) -> ActionResult:
        """ListHyperParameterTuningJobs."""
        jobs = list(_jobs(response).values())
        entries = self._work.call(lambda: [summary(job) for job in jobs])
        member, status = "HyperParameterTuningJobSummaries", "HyperParameterTuningJobStatus"
        return ActionResult(listed(member, entries, _NAME, _by_name(response.params), status))

    def list_training_jobs(self, response: SageMakerResponse) -> ActionResult:
        """ListTrainingJobsForHyperParameterTuningJob; by their objective, those that have a value."""
        job = _named(response)
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

    def stop(self, response: SageMakerResponse) -> ActionResult:
        """StopHyperParameterTuningJob."""
        job = _named(response)

        def stop() -> None:
            if job.status in OVER:
                refuse_status("hyperparameter tuning", job.status, job.arn)
            job.stop()

        self._work.call(stop)
        return EmptyResult()

    def delete(self, response: SageMakerResponse) -> ActionResult:
        """DeleteHyperParameterTuningJob: the entry alone, of a job that is over."""
        jobs, job = _jobs(response), _named(response)

        def delete() -> None:
            if job.status not in OVER:
                refuse_status("hyperparameter tuning", job.status, job.arn)
            jobs.pop(job.name, None)

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


def _jobs(response: SageMakerResponse) -> dict[str, TuningJob]:
    """moto's own dictionary, which holds the sandbox's jobs, so that its tagging works."""
    backend: Any = sagemaker_backends[response.current_account][response.region]
    return backend.hyper_parameter_tuning_jobs


def _named(response: SageMakerResponse) -> TuningJob:
    return find_job(_jobs(response), response.params[_NAME])
