"""The actions on SageMaker's transform jobs: CreateTransformJob really runs the model on what lies in S3."""

from functools import partial
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.jobs.transform.rules import processing, refuse_empty, refuse_sizes
from sandbox.aws.sagemaker.jobs.transform.service import TransformJobs
from sandbox.aws.sagemaker.jobs.transform.store import JobStore, Status, TransformJob
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.models.store import find_model
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import new_tags
from sandbox.aws.shared.errors import BadRequest
from sandbox.aws.shared.moto_actions import replace
from sandbox.core.clock import visible
from sandbox.serving.transforms.places import BadManifest
from sandbox.serving.transforms.runner import Denied, Work


def install(service: TransformJobs, roles: ExecutionRoles) -> None:
    """Patch moto's transform actions; `roles` says what a model's execution role may do."""
    actions = {
        "create_transform_job": partial(_create, service=service, roles=roles),
        "describe_transform_job": _describe,
        "list_transform_jobs": _list,
        "stop_transform_job": partial(_stop, service=service),
    }
    for name, action in actions.items():
        replace(SageMakerResponse, name, action)


def _create(self: SageMakerResponse, service: TransformJobs, roles: ExecutionRoles) -> ActionResult:
    request = {key: value for key, value in dict(self.params).items() if value not in (None, {}, [])}
    tags = new_tags(request.pop("Tags", []))
    name, jobs = request["TransformJobName"], _jobs(self)
    arn = sagemaker_arn("transform-job", name, self.current_account, self.region)
    if any(taken.lower() == name.lower() for taken in jobs):
        raise ResourceInUseException(
            "Job name must be unique within an AWS account and region, and a job with this name already "
            f"exists ({arn})"
        )
    refuse_uncovered("CreateTransformJob", request)
    model = find_model(self, request["ModelName"]).served
    refuse_sizes(request)
    how = processing(request)
    role = model.get("ExecutionRoleArn", "")
    store = JobStore(roles, self.current_account, self.region, role, request)
    refuse_empty(_input(request), self.region, role, _found(store))
    job = TransformJob(arn, request, tags)
    jobs[name] = job
    work = Work(self.current_account, self.region, request, model, how)
    service.call(lambda: service.begin(job, work, store))
    return ActionResult({"TransformJobArn": arn})


def _found(store: JobStore) -> object:
    try:
        return store.files()
    except BadManifest as error:
        raise ValidationError(f"The manifest at {_input(store.request)} cannot be read: {error}.") from error
    except Denied:
        return None


def _describe(self: SageMakerResponse) -> ActionResult:
    return ActionResult(_job(self).description)


def _list(self: SageMakerResponse) -> ActionResult:
    entries = [job.summary for job in list(_jobs(self).values()) if visible("sagemaker", job.creation_time)]
    return ActionResult(
        listed("TransformJobSummaries", entries, "TransformJobName", self.params, "TransformJobStatus")
    )


def _stop(self: SageMakerResponse, service: TransformJobs) -> ActionResult:
    job = _job(self)
    if job.status not in (Status.IN_PROGRESS, Status.STOPPING):
        raise ValidationError(
            f"The request was rejected because the transform job is in status {job.status.value}."
        )
    service.call(lambda: service.stop(job))
    return EmptyResult()


def _job(self: SageMakerResponse) -> TransformJob:
    name = self._get_param("TransformJobName")
    job = _jobs(self).get(name)
    if job is None or not visible("sagemaker", job.creation_time):
        arn = sagemaker_arn("transform-job", name, self.current_account, self.region)
        raise BadRequest("ResourceNotFound", f"Could not find transform job {arn!r}.".replace("'", '"'))
    return job


def _jobs(self: SageMakerResponse) -> dict[str, Any]:
    """moto's own dictionary, which holds the sandbox's jobs, so that its tagging works."""
    return self.sagemaker_backend.transform_jobs


def _input(request: Any) -> str:
    return request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
