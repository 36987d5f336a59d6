"""The actions on SageMaker's transform jobs. How they run is in `sandbox.jobs.transform`.

Adds to moto: jobs that run.
"""

from functools import partial

from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.jobs.actions import JobActions
from sandbox.aws.sagemaker.jobs.lookup import TRANSFORM
from sandbox.aws.sagemaker.jobs.transform import rules
from sandbox.aws.sagemaker.jobs.transform.description import describe, summary
from sandbox.aws.sagemaker.models.store import find_model
from sandbox.aws.sagemaker.tags import request_and_tags
from sandbox.core.loop import LoopWork
from sandbox.jobs.running.objects import Objects, Owner
from sandbox.jobs.transform.runner import Runner
from sandbox.jobs.transform.state import TransformJob


class TransformJobs(JobActions[TransformJob]):
    """Creates, describes, lists and stops transform jobs."""

    def __init__(self, work: LoopWork, runner: Runner, objects: Objects) -> None:
        super().__init__(TRANSFORM, work, runner.run, describe, summary)
        self._objects = objects

    def create(self, response: SageMakerResponse) -> ActionResult:
        """CreateTransformJob."""
        request, tags = request_and_tags(response)
        account, region = response.current_account, response.region
        name, arn = self.admitted(account, region, request)
        model = find_model(response, request["ModelName"]).served
        rules.refuse_sizes(request)
        processing = rules.processing(request)
        owner = Owner(account, region, model.get("ExecutionRoleArn", ""))
        rules.refuse_input(self._objects, owner, request)
        job = TransformJob(owner, name, arn, request, tags, model, processing)
        self._work.call(partial(self.begin, job))
        return ActionResult({"TransformJobArn": arn})
