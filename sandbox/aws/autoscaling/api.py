"""The actions of Application Auto Scaling that moto lacks or answers otherwise than AWS.

What is refused of a SageMaker variant is in `rules.py`. To delete what does not exist, or to give a policy
to what is no target, is an ObjectNotFoundException. Scalable targets have tags, which Terraform's and
Pulumi's providers ask for after every change. There are no scaling activities: nothing scales by itself
here.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response
from moto.core.exceptions import JsonRESTError
from moto.sagemaker.models import sagemaker_backends

from sandbox.aws.autoscaling.rules import VARIANT, target_problem, variant_of, variant_types
from sandbox.aws.autoscaling.targets import drop_what_hangs_on

_TAGS: dict[str, dict[str, str]] = {}
"""Tags by the ARN of a scalable target."""


def install() -> None:
    """Patch moto's Application Auto Scaling."""
    _TAGS.clear()
    original, motos_deregister = Response.register_scalable_target, Response.deregister_scalable_target

    def register_scalable_target(self: Response) -> str:
        if self._get_param("ScalableDimension") == VARIANT:
            _refuse(self)
        answer = original(self)
        tags = self._get_param("Tags")
        if tags:
            _TAGS.setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(tags)
        return answer

    def deregister_scalable_target(self: Response) -> str:
        answer = motos_deregister(self)
        drop_what_hangs_on(self.current_account, self.region, self._get_param("ResourceId"))
        return answer

    Response.register_scalable_target = register_scalable_target
    Response.deregister_scalable_target = deregister_scalable_target
    for name in ("deregister_scalable_target", "delete_scaling_policy", "delete_scheduled_action"):
        setattr(Response, name, _not_found(name))
    for name in ("put_scaling_policy", "put_scheduled_action"):
        setattr(Response, name, _of_a_target(name))
    for action in (list_tags_for_resource, tag_resource, untag_resource, describe_scaling_activities):
        setattr(Response, action.__name__, action)


def _refuse(self: Response) -> None:
    resource, known = self._get_param("ResourceId"), _target(self)
    bounds = [
        asked if (asked := self._get_param(member)) is not None else getattr(known, kept, None)
        for member, kept in (("MinCapacity", "min_capacity"), ("MaxCapacity", "max_capacity"))
    ]
    named = variant_of(resource)
    endpoints = sagemaker_backends[self.current_account][self.region].endpoints
    problem = target_problem(resource, variant_types(endpoints.get(named[0] if named else "")), *bounds)
    if problem:
        raise AWSValidationException(problem)


def _target(self: Response) -> Any:
    """The registered target that a request is about, or None."""
    of_dimension = self.applicationautoscaling_backend.targets.get(self._get_param("ScalableDimension"), {})
    return of_dimension.get(self._get_param("ResourceId"))


def _of_a_target(name: str) -> Callable[[Response], str]:
    """The action of that name, with ObjectNotFoundException where nothing is registered."""
    original: Callable[[Response], str] = getattr(Response, name)

    def action(self: Response) -> str:
        if _target(self) is None:
            resource = self._get_param("ResourceId")
            raise JsonRESTError(
                "ObjectNotFoundException", f"No scalable target registered for resource ID: {resource}"
            )
        return original(self)

    action.__name__ = name
    return action


def _not_found(name: str) -> Callable[[Response], str]:
    """The action of that name, with ObjectNotFoundException where moto says ValidationException."""
    original: Callable[[Response], str] = getattr(Response, name)

    def action(self: Response) -> str:
        try:
            return original(self)
        except AWSValidationException as error:
            if error.message.startswith("No scal"):
                raise JsonRESTError("ObjectNotFoundException", error.message) from error
            raise

    action.__name__ = name
    return action


def list_tags_for_resource(self: Response) -> str:
    """ListTagsForResource."""
    return json.dumps({"Tags": _TAGS.get(self._get_param("ResourceARN"), {})})


def tag_resource(self: Response) -> str:
    """TagResource."""
    _TAGS.setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags") or {})
    return "{}"


def untag_resource(self: Response) -> str:
    """UntagResource."""
    tags = _TAGS.get(self._get_param("ResourceARN"), {})
    for key in self._get_param("TagKeys") or []:
        tags.pop(key, None)
    return "{}"


def describe_scaling_activities(self: Response) -> str:
    """DescribeScalingActivities: there are none, as nothing scales."""
    return json.dumps({"ScalingActivities": []})
