"""The actions of Application Auto Scaling that moto lacks or answers otherwise than AWS.

What is refused of a SageMaker variant is in `rules.py`. To delete what does not exist, or to give a policy
to what is no target, is an ObjectNotFoundException. Scalable targets have tags, which Terraform's and
Pulumi's providers ask for after every change. What scales is in `scaler.py`.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response
from moto.core.exceptions import JsonRESTError
from moto.sagemaker.models import sagemaker_backends

from sandbox.aws.autoscaling.rules import VARIANT, target_problem, variant_of, variant_types
from sandbox.aws.autoscaling.scaler import Scaler
from sandbox.aws.autoscaling.targets import drop_alarms, drop_what_hangs_on, policies_of

_TAGS: dict[str, dict[str, str]] = {}
"""Tags by the ARN of a scalable target."""


def install(scaler: Scaler) -> None:
    """Patch moto's Application Auto Scaling to work on `scaler`."""
    _TAGS.clear()
    original, motos_deregister = Response.register_scalable_target, Response.deregister_scalable_target

    def register_scalable_target(self: Response) -> str:
        if self._get_param("ScalableDimension") == VARIANT:
            _refuse(self)
        answer = original(self)
        tags = self._get_param("Tags")
        if tags:
            _TAGS.setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(tags)
        scaler.registered((self.current_account, self.region, self._get_param("ResourceId")))
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
    for name, action in {
        "put_scaling_policy": _put_policy(scaler, Response.put_scaling_policy),
        "describe_scaling_activities": _describe_activities(scaler),
        "list_tags_for_resource": list_tags_for_resource,
        "tag_resource": tag_resource,
        "untag_resource": untag_resource,
    }.items():
        setattr(Response, name, action)


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


def _describe_activities(scaler: Scaler) -> Callable[[Response], str]:
    def describe_scaling_activities(self: Response) -> str:
        """DescribeScalingActivities, newest first."""
        named = ("ServiceNamespace", "ResourceId", "ScalableDimension")
        asked = {name: value for name in named if (value := self._get_param(name))}
        found = [
            entry
            for entry in scaler.activities(self.current_account, self.region)
            if all(entry[name] == value for name, value in asked.items())
        ]
        first, most = int(self._get_param("NextToken") or 0), int(self._get_param("MaxResults") or 50)
        rest = {"NextToken": str(first + most)} if len(found) > first + most else {}
        return json.dumps({"ScalingActivities": found[first : first + most], **rest})

    return describe_scaling_activities


def _put_policy(scaler: Scaler, original: Callable[[Response], str]) -> Callable[[Response], str]:
    """PutScalingPolicy: one that is put again keeps its ARN, and one that tracks a target has its alarms."""

    def put_scaling_policy(self: Response) -> str:
        account, region, resource = self.current_account, self.region, self._get_param("ResourceId")
        name = self._get_param("PolicyName")
        before = {found.policy_name: found for _, found in policies_of(account, region, resource)}.get(name)
        answer = json.loads(original(self))
        policy = next((p for _, p in policies_of(account, region, resource) if p.policy_name == name), None)
        if policy is None:
            return json.dumps(answer)  # of another dimension than SageMaker's variants
        if before is not None:
            policy.policy_arn = before.policy_arn
            drop_alarms(account, region, before)
        scaler.watch((account, region, resource), policy)
        alarms = [{"AlarmName": a.name, "AlarmARN": a.alarm_arn} for a in policy.alarms]
        return json.dumps(answer | {"PolicyARN": policy.policy_arn, "Alarms": alarms})

    return put_scaling_policy
