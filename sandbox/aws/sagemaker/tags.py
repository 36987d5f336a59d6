"""Tags of SageMaker's models, endpoint configs, endpoints and jobs.

Adds to moto: a ValidationException for an ARN that names nothing, the replacement of a key that is set again,
and the limit of 50 tags. The tags of other resources are still moto's, with the same ValidationException.
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.paging import listed

Tags = list[dict[str, str]]

MOST = 50
"""Tags of one resource; SageMaker's limit."""

_BACKEND = {
    "model": "_models",
    "endpoint": "endpoints",
    "endpoint-config": "endpoint_configs",
    "training-job": "training_jobs",
    "transform-job": "transform_jobs",
    "processing-job": "processing_jobs",
    "hyper-parameter-tuning-job": "hyper_parameter_tuning_jobs",
}
_WORDS = {
    "endpoint-config": "endpoint configuration",
    "training-job": "training job",
    "transform-job": "transform job",
    "processing-job": "processing job",
    "hyper-parameter-tuning-job": "hyperparameter tuning job",
}


def install() -> None:
    """Patch moto's tag actions."""
    for action in (add_tags, delete_tags, list_tags):
        setattr(SageMakerResponse, action.__name__, action)


def request_and_tags(self: SageMakerResponse) -> tuple[dict[str, Any], Tags]:
    """What a Create request says, without members that say nothing, and its tags apart; as `new_tags`."""
    request = {key: value for key, value in dict(self.params).items() if value not in (None, {}, [])}
    return request, new_tags(request.pop("Tags", []))


def new_tags(tags: Tags | None) -> Tags:
    """The tags of a Create request. Raises SageMaker's ValidationException for a key that comes twice."""
    given = list(tags or [])
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) != len(keys):
        raise ValidationError("Duplicate tag keys found.")
    if any(key.lower().startswith("aws:") for key in keys):
        raise ValidationError("Tag keys that start with aws: are reserved for AWS's own use.")
    return given


def add_tags(self: SageMakerResponse) -> ActionResult:
    """AddTags: answers all tags that the resource has from now on."""
    resource = _resource(self, self.params["ResourceArn"])
    tags = {tag["Key"]: tag for tag in [*resource.tags, *new_tags(self.params["Tags"])]}
    if len(tags) > MOST:
        raise ValidationError(f"A resource has at most {MOST} tags; this would make {len(tags)}.")
    resource.tags = list(tags.values())
    return ActionResult({"Tags": resource.tags})


def delete_tags(self: SageMakerResponse) -> ActionResult:
    """DeleteTags; keys that are not set are ignored."""
    resource = _resource(self, self.params["ResourceArn"])
    resource.tags = [tag for tag in resource.tags if tag["Key"] not in self.params["TagKeys"]]
    return EmptyResult()


def list_tags(self: SageMakerResponse) -> ActionResult:
    """ListTags."""
    resource = _resource(self, self.params["ResourceArn"])
    params = {
        "SortBy": "Name",
        "SortOrder": "Ascending",
        "MaxResults": self.params.get("MaxResults") or MOST,
        "NextToken": self.params.get("NextToken"),
    }
    return ActionResult(listed("Tags", resource.tags, "Key", params))


def _resource(self: SageMakerResponse, arn: str) -> Any:
    """What has the tags of `arn`. Raises SageMaker's ValidationException."""
    _, _, service, region, account, name = arn.split(":", 5)
    kind, _, name = name.partition("/")
    missing = ValidationError(f'Could not find {_WORDS.get(kind, kind)} "{arn}".')
    if (service, region, account) != ("sagemaker", self.region, self.current_account):
        raise missing
    if kind in _BACKEND:
        resources = getattr(self.sagemaker_backend, _BACKEND[kind])
        found = next((value for key, value in resources.items() if key.lower() == name.lower()), None)
    else:
        try:
            found = self.sagemaker_backend._get_resource_from_arn(arn)
        except (AttributeError, ValueError, KeyError):
            found = None
    if found is None or not hasattr(found, "tags"):
        raise missing
    return found
