"""The actions on SageMaker's processing jobs. How they run is in `sandbox.jobs.processing`.

Adds to moto: jobs that run.
"""

from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.jobs.actions import JobActions
from sandbox.aws.sagemaker.jobs.checks import refuse_role, refuse_sources
from sandbox.aws.sagemaker.jobs.lookup import PROCESSING
from sandbox.aws.sagemaker.jobs.processing.rules import refuse_request
from sandbox.aws.sagemaker.tags import request_and_tags
from sandbox.core.loop import LoopWork
from sandbox.jobs.processing.processor import Processor
from sandbox.jobs.processing.state import ProcessingJob
from sandbox.jobs.running.objects import Owner

DEFAULT_MAX_RUNTIME = 86_400
"""Seconds; StoppingCondition's default for processing jobs."""

_ECHOED = (
    *("ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources", "StoppingCondition"),
    *("AppSpecification", "Environment", "NetworkConfig", "RoleArn"),
)
"""Members of the request that are described as they were given."""


class ProcessingJobs(JobActions[ProcessingJob]):
    """Creates, describes, lists and stops processing jobs."""

    def __init__(self, work: LoopWork, processor: Processor, roles: ExecutionRoles) -> None:
        super().__init__(PROCESSING, work, processor.run, _described, _summary)
        self._roles = roles

    def create(self, response: SageMakerResponse) -> ActionResult:
        """CreateProcessingJob."""
        request, tags = request_and_tags(response)
        account, region = response.current_account, response.region
        name, arn = self.admitted(account, region, request)
        owner = Owner(account, region, request["RoleArn"])
        request.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME})
        refuse_request(request)
        refuse_role(self._roles, owner)
        sources = [one["S3Input"] for one in request.get("ProcessingInputs") or []]
        refuse_sources(self._roles, owner, sources)
        self._work.call(partial(self.begin, ProcessingJob(owner, name, arn, request, tags)))
        return ActionResult({"ProcessingJobArn": arn})


def _summary(job: ProcessingJob) -> dict[str, Any]:
    """One entry of ListProcessingJobs."""
    times = {"ProcessingEndTime": job.end_time} if job.end_time is not None else {}
    words = {"FailureReason": job.failure_reason, "ExitMessage": job.exit_message}
    return {
        "ProcessingJobName": job.name,
        "ProcessingJobArn": job.arn,
        "CreationTime": job.creation_time,
        "LastModifiedTime": job.last_modified_time,
        "ProcessingJobStatus": job.status.value,
        **times,
        **{name: text for name, text in words.items() if text},
    }


def _described(job: ProcessingJob) -> dict[str, Any]:
    """DescribeProcessingJob's answer."""
    times = {"ProcessingStartTime": job.start_time} if job.start_time is not None else {}
    return {**{name: job.request[name] for name in _ECHOED if name in job.request}, **_summary(job), **times}
