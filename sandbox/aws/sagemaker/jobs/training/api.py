"""The actions on SageMaker's training jobs. How they run is in `sandbox.jobs.training`.

Adds to moto: jobs that run.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.jobs.actions import JobActions
from sandbox.aws.sagemaker.jobs.checks import refuse_role, refuse_sources
from sandbox.aws.sagemaker.jobs.lookup import TRAINING, all_backends
from sandbox.aws.sagemaker.jobs.training.description import describe, summary
from sandbox.aws.sagemaker.jobs.training.rules import refuse_request
from sandbox.aws.sagemaker.tags import Tags, request_and_tags
from sandbox.core.faults import BadFault
from sandbox.core.loop import LoopWork
from sandbox.jobs.running.objects import Owner, source_of
from sandbox.jobs.training.state import TrainingJob
from sandbox.jobs.training.trainer import Trainer

DEFAULT_MAX_RUNTIME = 86_400
"""Seconds; StoppingCondition's reference."""


class TrainingJobs(JobActions[TrainingJob]):
    """Creates, describes, lists and stops training jobs, also those of tuning jobs."""

    def __init__(self, work: LoopWork, trainer: Trainer, roles: ExecutionRoles) -> None:
        super().__init__(TRAINING, work, trainer.run, describe, summary)
        self._roles = roles

    def create(self, response: SageMakerResponse) -> ActionResult:
        """CreateTrainingJob."""
        request, tags = request_and_tags(response)
        job = self.checked(response.current_account, response.region, request, tags)
        self._work.call(partial(self.begin, job))
        return ActionResult({"TrainingJobArn": job.arn})

    def checked(self, account: str, region: str, request: dict[str, Any], tags: Tags) -> TrainingJob:
        """A job of a request that may begin. Raises SageMaker's errors."""
        name, arn = self.admitted(account, region, request)
        request = with_defaults(request)
        refuse_request(request)
        owner = Owner(account, region, request["RoleArn"])
        refuse_role(self._roles, owner)
        channels = request.get("InputDataConfig") or []
        refuse_sources(self._roles, owner, [source_of(channel) for channel in channels])
        return TrainingJob(owner, name, arn, request, tags)

    def list(self, response: SageMakerResponse) -> ActionResult:
        """ListTrainingJobs."""
        for member in ("WarmPoolStatusEquals", "TrainingPlanArnEquals"):
            if response.params.get(member):
                raise NotImplementedError(f"sagemaker ListTrainingJobs by {member}")
        return super().list(response)

    def interrupt(self, name: str, seconds: float) -> None:
        """Take a training job's spot instance. On the event loop. Raises BadFault where there is none."""
        every = (TRAINING.held_by(backend) for backend in all_backends())
        found = [jobs[name] for jobs in every if name in jobs]
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
