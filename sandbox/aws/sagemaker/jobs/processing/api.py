"""The actions on SageMaker's processing jobs. How they run is in `sandbox.jobs.processing`.

Adds to moto: jobs that run.
"""

from functools import partial
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.jobs.checks import refuse_role, refuse_sources
from sandbox.aws.sagemaker.jobs.lookup import find_job, refuse_status, refuse_taken
from sandbox.aws.sagemaker.jobs.processing.rules import refuse_request
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import new_tags
from sandbox.aws.shared.moto_actions import replace
from sandbox.core.loop import LoopWork
from sandbox.jobs.processing.processor import Processor
from sandbox.jobs.processing.state import ProcessingJob
from sandbox.jobs.running.job import OVER
from sandbox.jobs.running.objects import Owner

DEFAULT_MAX_RUNTIME = 86_400
"""Seconds; StoppingCondition's default for processing jobs."""

_ECHOED = (
    *("ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources", "StoppingCondition"),
    *("AppSpecification", "Environment", "NetworkConfig", "RoleArn"),
)
"""Members of the request that are described as they were given."""


class ProcessingJobs:
    """Creates, describes, lists and stops processing jobs; moto's backends hold them."""

    def __init__(self, work: LoopWork, processor: Processor, roles: ExecutionRoles) -> None:
        self._work = work
        self._processor = processor
        self._roles = roles

    def install(self) -> None:
        """Replace moto's actions."""
        for verb in ("create", "describe", "stop"):
            replace(SageMakerResponse, f"{verb}_processing_job", getattr(self, verb))
        replace(SageMakerResponse, "list_processing_jobs", self.list)

    def create(self, response: SageMakerResponse) -> ActionResult:
        """CreateProcessingJob."""
        request = {key: value for key, value in dict(response.params).items() if value not in (None, {}, [])}
        tags = new_tags(request.pop("Tags", []))
        name, owner = request["ProcessingJobName"], _owner(response, request["RoleArn"])
        arn = sagemaker_arn("processing-job", name, owner.account, owner.region)
        jobs = _jobs(response)
        refuse_taken(jobs, name, arn)
        refuse_uncovered("CreateProcessingJob", request)
        request.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME})
        refuse_request(request)
        refuse_role(self._roles, owner)
        sources = [one["S3Input"] for one in request.get("ProcessingInputs") or []]
        refuse_sources(self._roles, owner, sources)
        job = ProcessingJob(owner, name, arn, request, tags)
        self._work.call(partial(self._begin, jobs, job))
        return ActionResult({"ProcessingJobArn": arn})

    def _begin(self, jobs: dict[str, ProcessingJob], job: ProcessingJob) -> None:
        refuse_taken(jobs, job.name, job.arn)
        jobs[job.name] = job
        self._work.begin(self._processor.run(job))

    def describe(self, response: SageMakerResponse) -> ActionResult:
        """DescribeProcessingJob."""
        job = _named(response)
        return ActionResult(self._work.call(partial(_described, job)))

    def list(self, response: SageMakerResponse) -> ActionResult:
        """ListProcessingJobs."""
        jobs = list(_jobs(response).values())
        entries = self._work.call(lambda: [_summary(job) for job in jobs])
        member = "ProcessingJobSummaries"
        return ActionResult(
            listed(member, entries, "ProcessingJobName", response.params, "ProcessingJobStatus")
        )

    def stop(self, response: SageMakerResponse) -> ActionResult:
        """StopProcessingJob."""
        job = _named(response)

        def stop() -> None:
            if job.status in OVER:
                refuse_status("processing", job.status, job.arn)
            job.stop()

        self._work.call(stop)
        return EmptyResult()


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


def _owner(response: SageMakerResponse, role: str) -> Owner:
    return Owner(response.current_account, response.region, role)


def _jobs(response: SageMakerResponse) -> dict[str, ProcessingJob]:
    """moto's own dictionary, which holds the sandbox's jobs, so that its tagging works."""
    backend: Any = sagemaker_backends[response.current_account][response.region]
    return backend.processing_jobs


def _named(response: SageMakerResponse) -> ProcessingJob:
    return find_job(_jobs(response), response.params["ProcessingJobName"])
