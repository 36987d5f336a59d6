"""The actions on SageMaker's training jobs. How they run is in `sandbox.jobs.training`.

Adds to moto: jobs that run.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.jobs.checks import refuse_role, refuse_sources
from sandbox.aws.sagemaker.jobs.lookup import find_job, refuse_status, refuse_taken
from sandbox.aws.sagemaker.jobs.training.description import describe, summary
from sandbox.aws.sagemaker.jobs.training.rules import refuse_request
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import new_tags
from sandbox.aws.shared.moto_actions import replace
from sandbox.core.faults import BadFault
from sandbox.core.loop import LoopWork
from sandbox.jobs.running.objects import Owner, source_of
from sandbox.jobs.training.state import OVER, TrainingJob
from sandbox.jobs.training.trainer import Trainer

DEFAULT_MAX_RUNTIME = 86_400
"""Seconds; StoppingCondition's reference."""


class TrainingJobs:
    """Creates, describes, lists and stops training jobs; moto's backends hold them."""

    def __init__(self, work: LoopWork, trainer: Trainer, roles: ExecutionRoles) -> None:
        self._work = work
        self._trainer = trainer
        self._roles = roles

    def install(self) -> None:
        """Replace moto's actions."""
        for name in (
            *("create_training_job", "describe_training_job", "list_training_jobs", "stop_training_job"),
        ):
            replace(SageMakerResponse, name, getattr(self, name))

    def create_training_job(self, response: SageMakerResponse) -> ActionResult:
        """CreateTrainingJob."""
        request = {key: value for key, value in dict(response.params).items() if value not in (None, {}, [])}
        tags = new_tags(request.pop("Tags", []))
        job = self.checked(response.current_account, response.region, request, tags)
        self._work.call(partial(self.begin, job))
        return ActionResult({"TrainingJobArn": job.arn})

    def checked(
        self, account: str, region: str, request: dict[str, Any], tags: list[dict[str, str]]
    ) -> TrainingJob:
        """A job of a request that may begin. Raises SageMaker's errors."""
        name = request["TrainingJobName"]
        arn = sagemaker_arn("training-job", name, account, region)
        refuse_taken(jobs_of(account, region), name, arn)
        refuse_uncovered("CreateTrainingJob", request)
        request = with_defaults(request)
        refuse_request(request)
        owner = Owner(account, region, request["RoleArn"])
        refuse_role(self._roles, owner)
        channels = request.get("InputDataConfig") or []
        refuse_sources(self._roles, owner, [source_of(channel) for channel in channels])
        return TrainingJob(owner, name, arn, request, tags)

    def begin(self, job: TrainingJob) -> None:
        """Keep a job and let it run. On the event loop. Raises SageMaker's ResourceInUse."""
        jobs = jobs_of(job.owner.account, job.owner.region)
        refuse_taken(jobs, job.name, job.arn)
        jobs[job.name] = job
        self._work.begin(self._trainer.run(job))

    def describe_training_job(self, response: SageMakerResponse) -> ActionResult:
        """DescribeTrainingJob."""
        job = _named(response)
        return ActionResult(self._work.call(lambda: describe(job)))

    def list_training_jobs(self, response: SageMakerResponse) -> ActionResult:
        """ListTrainingJobs."""
        for member in ("WarmPoolStatusEquals", "TrainingPlanArnEquals"):
            if response.params.get(member):
                raise NotImplementedError(f"sagemaker ListTrainingJobs by {member}")
        jobs = list(jobs_of(response.current_account, response.region).values())
        entries = self._work.call(lambda: [summary(job) for job in jobs])
        return ActionResult(
            listed("TrainingJobSummaries", entries, "TrainingJobName", response.params, "TrainingJobStatus")
        )

    def stop_training_job(self, response: SageMakerResponse) -> ActionResult:
        """StopTrainingJob."""
        job = _named(response)

        def stop() -> None:
            if job.secondary in OVER:
                refuse_status("training", job.status, job.arn)
            job.stop()

        self._work.call(stop)
        return EmptyResult()

    def interrupt(self, name: str, seconds: float) -> None:
        """Take a training job's spot instance. On the event loop. Raises BadFault where there is none."""
        found = [jobs[name] for jobs in _all() if name in jobs]
        if not any(job.interrupt(seconds) for job in found):
            states = ", ".join(f"{job.secondary.value}, spot {job.is_spot}" for job in found)
            raise BadFault(
                f"no training job {name!r} trains on a spot instance now ({states or 'there is none'}); it "
                "needs EnableManagedSpotTraining"
            )


def with_defaults(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request with a limit of its runtime, where it gives none. Pure."""
    given = request.get("StoppingCondition") or {}
    return {**request, "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME, **given}}


def jobs_of(account: str, region: str) -> dict[str, TrainingJob]:
    """moto's own dictionary, which holds the sandbox's jobs, so that its tagging works."""
    backend: Any = sagemaker_backends[account][region]
    return backend.training_jobs


def _all() -> list[dict[str, TrainingJob]]:
    backends: list[Any] = [one for regions in list(sagemaker_backends.values()) for one in regions.values()]
    return [backend.training_jobs for backend in backends]


def _named(response: SageMakerResponse) -> TrainingJob:
    jobs = jobs_of(response.current_account, response.region)
    return find_job(jobs, response.params["TrainingJobName"])
