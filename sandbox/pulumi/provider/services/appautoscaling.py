"""Application Auto Scaling: a scalable target and its scaling policies."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, find
from sandbox.pulumi.provider.properties import Default, Property
from sandbox.pulumi.provider.resource import COMPUTED, NAME, Resource, Update
from sandbox.pulumi.provider.shapes import from_aws, to_aws
from sandbox.pulumi.provider.values import Properties, Value

_GONE = ("ObjectNotFoundException",)
_PLACE = ("serviceNamespace", "resourceId", "scalableDimension")


class Target(Resource):
    """What may be scaled, and between which counts. Its id is the resource's: `endpoint/E/variant/V`."""

    token = "aws:appautoscaling/target:Target"  # noqa: S105
    label = "Application AutoScaling Target"
    identity = _PLACE
    properties: ClassVar[Mapping[str, Property]] = {
        **{member: Property(required=True, replaces=True) for member in _PLACE},
        "minCapacity": Property(required=True),
        "maxCapacity": Property(required=True),
        "roleArn": Property(replaces=True, default=Default.COMPUTED),
        "suspendedState": COMPUTED,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        identifier = str(inputs["resourceId"])
        self._register(aws, f"creating {self.label} ({identifier})", inputs)
        return identifier

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        place = _place(self.label, identifier, known)
        answer = attempt(
            f"reading {self.label} ({identifier})",
            aws.client("application-autoscaling").describe_scalable_targets,
            ServiceNamespace=place["serviceNamespace"],
            ResourceIds=[place["resourceId"]],
            ScalableDimension=place["scalableDimension"],
        )
        if not answer["ScalableTargets"]:
            return None
        target = answer["ScalableTargets"][0]
        return {
            **place,
            "arn": target.get("ScalableTargetARN"),
            "minCapacity": target["MinCapacity"],
            "maxCapacity": target["MaxCapacity"],
            "roleArn": target.get("RoleARN"),
            "suspendedState": from_aws(target.get("SuspendedState")),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        self._register(aws, f"updating {self.label} ({identifier})", update.inputs)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        place = _place(self.label, identifier, state)
        deregister = aws.client("application-autoscaling").deregister_scalable_target
        find(f"deleting {self.label} ({identifier})", _GONE, deregister, **_named(place))

    def external_id(self, identifier: str) -> str:
        return _split(identifier)[1] if identifier.count("/") > _SLASHES else identifier

    def _register(self, aws: Aws, doing: str, inputs: Properties) -> None:
        parameters: dict[str, Any] = {
            **_named({member: str(inputs[member]) for member in _PLACE}),
            "MinCapacity": inputs["minCapacity"],
            "MaxCapacity": inputs["maxCapacity"],
        }
        if inputs.get("roleArn"):
            parameters["RoleARN"] = inputs["roleArn"]
        if inputs.get("suspendedState"):
            parameters["SuspendedState"] = to_aws(inputs["suspendedState"])
        attempt(doing, aws.client("application-autoscaling").register_scalable_target, **parameters)


class Policy(Resource):
    """How a target is scaled. Its id is its name."""

    token = "aws:appautoscaling/policy:Policy"  # noqa: S105
    label = "Application AutoScaling Scaling Policy"
    identity = ("name", *_PLACE)
    computed = ("arn", "alarmArns")
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        **{member: Property(required=True, replaces=True) for member in _PLACE},
        "policyType": Property(default="StepScaling"),
        "targetTrackingScalingPolicyConfiguration": Property(),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        self._put(aws, f"creating {self.label} ({name})", inputs)
        return name

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        name, place = self._name_and_place(identifier, known)
        answer = attempt(
            f"reading {self.label} ({name})",
            aws.client("application-autoscaling").describe_scaling_policies,
            PolicyNames=[name],
            **_named(place),
        )
        if not answer["ScalingPolicies"]:
            return None
        policy = answer["ScalingPolicies"][0]
        return {
            **place,
            "name": policy["PolicyName"],
            "arn": policy["PolicyARN"],
            "policyType": policy["PolicyType"],
            "targetTrackingScalingPolicyConfiguration": from_aws(
                policy.get("TargetTrackingScalingPolicyConfiguration")
            ),
            "alarmArns": [alarm["AlarmARN"] for alarm in policy.get("Alarms", ())],
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        self._put(aws, f"updating {self.label} ({identifier})", update.inputs)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        name, place = self._name_and_place(identifier, state)
        delete = aws.client("application-autoscaling").delete_scaling_policy
        find(f"deleting {self.label} ({name})", _GONE, delete, PolicyName=name, **_named(place))

    def external_id(self, identifier: str) -> str:
        return identifier.rsplit("/", 1)[-1]

    def _name_and_place(self, identifier: str, known: Properties) -> tuple[str, dict[str, str]]:
        if known.get("resourceId"):
            return identifier, _place(self.label, identifier, known)
        rest, _, name = identifier.rpartition("/")
        return name, _place(self.label, rest, known)

    def _put(self, aws: Aws, doing: str, inputs: Properties) -> None:
        parameters: dict[str, Any] = {
            **_named({member: str(inputs[member]) for member in _PLACE}),
            "PolicyName": inputs["name"],
            "PolicyType": inputs.get("policyType") or "StepScaling",
        }
        tracking = inputs.get("targetTrackingScalingPolicyConfiguration")
        if tracking:
            parameters["TargetTrackingScalingPolicyConfiguration"] = _tracking(tracking)
        attempt(doing, aws.client("application-autoscaling").put_scaling_policy, **parameters)


_SLASHES = 3
"""A SageMaker variant's resource id has three slashes: `endpoint/E/variant/V`."""


def _tracking(value: Value) -> Value:
    # `dimensions` is a list of name and value here, where elsewhere it is a map of the user's own keys.
    answer = to_aws(value)
    metric = answer.get("CustomizedMetricSpecification") if isinstance(answer, dict) else None
    if isinstance(metric, dict) and "dimensions" in metric:
        metric["Dimensions"] = to_aws(metric.pop("dimensions"))
    return answer


def _split(identifier: str) -> tuple[str, str, str]:
    namespace, _, rest = identifier.partition("/")
    resource, _, dimension = rest.rpartition("/")
    return namespace, resource, dimension


def _place(label: str, identifier: str, known: Properties) -> dict[str, str]:
    """Return the three members that name a target: from the state, or from an import's id."""
    if known.get("resourceId"):
        return {member: str(known[member]) for member in _PLACE}
    place = dict(zip(_PLACE, _split(identifier), strict=True))
    if not all(place.values()):
        raise ProviderError(
            f"importing {label}: the id must be namespace/resource/dimension, such as "
            f"sagemaker/endpoint/E/variant/V/sagemaker:variant:DesiredInstanceCount, not {identifier}"
        )
    return place


def _named(place: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ServiceNamespace": place["serviceNamespace"],
        "ResourceId": place["resourceId"],
        "ScalableDimension": place["scalableDimension"],
    }


RESOURCES: tuple[Resource, ...] = (Target(), Policy())
