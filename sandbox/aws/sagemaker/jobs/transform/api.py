"""The actions on SageMaker's transform jobs. How they run is in `sandbox.jobs.transform`.

Adds to moto: jobs that run.
"""

from functools import partial
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.jobs.lookup import find_job, refuse_status, refuse_taken
from sandbox.aws.sagemaker.jobs.transform import rules
from sandbox.aws.sagemaker.jobs.transform.description import describe, summary
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.models.store import find_model
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import new_tags
from sandbox.aws.shared.moto_actions import replace
from sandbox.core.loop import LoopWork
from sandbox.jobs.running.job import OVER
from sandbox.jobs.running.objects import Objects, Owner
from sandbox.jobs.transform.runner import Runner
from sandbox.jobs.transform.state import TransformJob


class TransformJobs:
    """Creates, describes, lists and stops transform jobs; moto's backends hold them."""

    def __init__(self, work: LoopWork, runner: Runner, objects: Objects) -> None:
        self._work = work
        self._runner = runner
        self._objects = objects

    def install(self) -> None:
        """Replace moto's actions."""
        for name in (
            *("create_transform_job", "describe_transform_job", "list_transform_jobs", "stop_transform_job"),
        ):
            replace(SageMakerResponse, name, getattr(self, name))

    def create_transform_job(self, response: SageMakerResponse) -> ActionResult:
        """CreateTransformJob."""
        request = {key: value for key, value in dict(response.params).items() if value not in (None, {}, [])}
        tags = new_tags(request.pop("Tags", []))
        account, region, name = response.current_account, response.region, request["TransformJobName"]
        arn = sagemaker_arn("transform-job", name, account, region)
        refuse_taken(_jobs_of(account, region), name, arn)
        refuse_uncovered("CreateTransformJob", request)
        model = find_model(response, request["ModelName"]).served
        rules.refuse_sizes(request)
        processing = rules.processing(request)
        owner = Owner(account, region, model.get("ExecutionRoleArn", ""))
        rules.refuse_input(self._objects, owner, request)
        self._work.call(lambda: self._begin(TransformJob(owner, name, arn, request, tags, model, processing)))
        return ActionResult({"TransformJobArn": arn})

    def _begin(self, job: TransformJob) -> None:
        """Keep a job and let it run. On the event loop. Raises SageMaker's ResourceInUse."""
        jobs = _jobs_of(job.owner.account, job.owner.region)
        refuse_taken(jobs, job.name, job.arn)
        jobs[job.name] = job
        self._work.begin(self._runner.run(job))

    def describe_transform_job(self, response: SageMakerResponse) -> ActionResult:
        """DescribeTransformJob."""
        return ActionResult(self._work.call(partial(describe, _named(response))))

    def list_transform_jobs(self, response: SageMakerResponse) -> ActionResult:
        """ListTransformJobs."""
        jobs = list(_jobs_of(response.current_account, response.region).values())
        entries = self._work.call(lambda: [summary(job) for job in jobs])
        return ActionResult(
            listed(
                "TransformJobSummaries", entries, "TransformJobName", response.params, "TransformJobStatus"
            )
        )

    def stop_transform_job(self, response: SageMakerResponse) -> ActionResult:
        """StopTransformJob."""
        job = _named(response)

        def stop() -> None:
            if job.status in OVER:
                refuse_status("transform", job.status, job.arn)
            job.stop()

        self._work.call(stop)
        return EmptyResult()


def _jobs_of(account: str, region: str) -> dict[str, TransformJob]:
    """moto's own dictionary, which holds the sandbox's jobs, so that its tagging works."""
    backend: Any = sagemaker_backends[account][region]
    return backend.transform_jobs


def _named(response: SageMakerResponse) -> TransformJob:
    return find_job(_jobs_of(response.current_account, response.region), response.params["TransformJobName"])
