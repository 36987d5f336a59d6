"""Application Auto Scaling of SageMaker's variants: targets, policies, and what they refuse."""

from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox


def _target(endpoint: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/live",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


@behaviour("Application Auto Scaling", "RegisterScalableTarget")
def test_a_scalable_target(world: World) -> None:
    """A target that is registered again has the newer bounds."""
    client = world.sandbox.client("application-autoscaling")
    target = _target(world.endpoint())
    client.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    client.register_scalable_target(**target, MinCapacity=1, MaxCapacity=5)
    found = client.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]]
    )["ScalableTargets"]
    assert [entry["MaxCapacity"] for entry in found] == [5]


@behaviour("Application Auto Scaling", "DeregisterScalableTarget")
def test_a_target_that_is_not_there(world: World) -> None:
    """A target that was not registered is refused with ObjectNotFoundException."""
    with refused("ObjectNotFoundException"):
        world.sandbox.client("application-autoscaling").deregister_scalable_target(**_target("absent"))


@behaviour("Application Auto Scaling", "RegisterScalableTarget")
def test_a_variant_that_is_none(world: World) -> None:
    """A variant of an endpoint that does not exist cannot be registered."""
    with refused("ValidationException", "doesn't exist"):
        world.sandbox.client("application-autoscaling").register_scalable_target(
            **_target("absent"), MinCapacity=1, MaxCapacity=2
        )


@behaviour("Application Auto Scaling", "RegisterScalableTarget")
def test_bounds_the_wrong_way_round(world: World) -> None:
    """MinCapacity is at most MaxCapacity, also of a target that is registered again with one of them."""
    client, target = world.sandbox.client("application-autoscaling"), _target(world.endpoint())
    with refused("ValidationException", "greater than"):
        client.register_scalable_target(**target, MinCapacity=3, MaxCapacity=2)
    client.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    with refused("ValidationException", "greater than"):
        client.register_scalable_target(**target, MinCapacity=3)


@behaviour("Application Auto Scaling", "PutScalingPolicy")
def test_a_policy_of_no_target(world: World) -> None:
    """A policy for what was not registered is refused with ObjectNotFoundException."""
    with refused("ObjectNotFoundException"):
        world.sandbox.client("application-autoscaling").put_scaling_policy(
            **_target(world.endpoint()),
            PolicyName="any",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 10.0},
        )


@behaviour("Application Auto Scaling", "RegisterScalableTarget")
def test_a_dimension_that_is_none(world: World) -> None:
    """A scalable dimension that AWS does not know is refused with ValidationException."""
    target = {**_target("any"), "ScalableDimension": "sagemaker:variant:Nope"}
    with refused("ValidationException", "scalableDimension"):
        unchecked(world.sandbox, "application-autoscaling").register_scalable_target(
            **target, MinCapacity=1, MaxCapacity=2
        )


def _described(world: World, endpoint: str) -> list[dict[str, Any]]:
    client = world.sandbox.client("application-autoscaling")
    return client.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[_target(endpoint)["ResourceId"]]
    )["ScalableTargets"]


def _tracked(world: World, endpoint: str, target: float = 60.0, **bounds: int) -> Any:
    """Register the endpoint's variant and give it a target-tracking policy."""
    client = world.sandbox.client("application-autoscaling")
    client.register_scalable_target(**_target(endpoint), **({"MinCapacity": 1, "MaxCapacity": 4} | bounds))
    client.put_scaling_policy(
        **_target(endpoint),
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": target,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
        },
    )
    return client


def _of_type(world: World, kind: str) -> str:
    return world.config(world.variant(world.model("1")) | {"InstanceType": kind})


@behaviour("SageMaker", "UpdateEndpoint")
def test_another_instance_type_of_a_target(world: World) -> None:
    """An update that changes the instance type of a scalable target is refused until it is deregistered."""
    endpoint, other = world.endpoint(), _of_type(world, "ml.c7i.large")
    client = _tracked(world, endpoint)
    with refused("ValidationException", "must be deregistered as scalable targets"):
        world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=other)
    assert world.describe(endpoint)["EndpointStatus"] == "InService"
    client.deregister_scalable_target(**_target(endpoint))
    assert world.update(endpoint, other)["EndpointConfigName"] == other


@behaviour("SageMaker", "UpdateEndpoint")
def test_another_model_of_a_target(world: World) -> None:
    """Another model on the same instance type is served by a scalable target without further ado."""
    endpoint, other = world.endpoint(), world.simple_config("2")
    _tracked(world, endpoint)
    assert world.update(endpoint, other)["EndpointConfigName"] == other


@behaviour("SageMaker", "UpdateEndpoint")
def test_a_target_that_would_go(world: World) -> None:
    """A variant that is a scalable target cannot be removed by an update."""
    endpoint = world.endpoint()
    _tracked(world, endpoint)
    other = world.config(world.variant(world.model("1"), "other"))
    with refused("ValidationException", "before they can be removed"):
        world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=other)


@behaviour("Application Auto Scaling", "DeregisterScalableTarget")
def test_what_hangs_on_a_target(world: World) -> None:
    """A target that is deregistered takes its policies and their alarms along."""
    endpoint = world.endpoint()
    client = _tracked(world, endpoint)
    client.deregister_scalable_target(**_target(endpoint))
    named = {key: _target(endpoint)[key] for key in ("ServiceNamespace", "ResourceId")}
    assert client.describe_scaling_policies(**named)["ScalingPolicies"] == []
    assert not world.sandbox.client("cloudwatch").describe_alarms(AlarmNamePrefix=_alarms(endpoint))[
        "MetricAlarms"
    ]


@behaviour("SageMaker", "DeleteEndpoint")
def test_an_endpoint_that_is_a_target(world: World) -> None:
    """An endpoint that is deleted takes its scalable targets along, and their policies."""
    endpoint = world.endpoint()
    client = _tracked(world, endpoint)
    world.sagemaker.delete_endpoint(EndpointName=endpoint)
    wait_for(lambda: not _described(world, endpoint), "the target to go")
    named = {key: _target(endpoint)[key] for key in ("ServiceNamespace", "ResourceId")}
    assert client.describe_scaling_policies(**named)["ScalingPolicies"] == []


@behaviour("Application Auto Scaling", "PutScalingPolicy")
def test_the_alarms_of_target_tracking(world: World) -> None:
    """A target-tracking policy makes two alarms, on three minutes and on fifteen, and keeps its ARN."""
    endpoint = world.endpoint()
    client = _tracked(world, endpoint, target=100.0)
    named = {key: _target(endpoint)[key] for key in ("ServiceNamespace", "ResourceId")}
    [policy] = client.describe_scaling_policies(**named)["ScalingPolicies"]
    _tracked(world, endpoint, target=200.0)
    [again] = client.describe_scaling_policies(**named)["ScalingPolicies"]
    assert again["PolicyARN"] == policy["PolicyARN"]
    cloudwatch = world.sandbox.client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNamePrefix=_alarms(endpoint))["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in found} == {alarm["AlarmName"] for alarm in again["Alarms"]}
    rules = [(a["ComparisonOperator"], a["Threshold"], a["Period"], a["EvaluationPeriods"]) for a in found]
    assert rules == [("GreaterThanThreshold", 200.0, 60, 3), ("LessThanThreshold", 180.0, 60, 15)]


@behaviour("Application Auto Scaling", "DescribeScalingActivities")
def test_what_scaled_it(world: World) -> None:
    """What scaled a variant is described with its cause and how it ended."""
    endpoint = world.endpoint()
    client = world.sandbox.client("application-autoscaling")
    client.register_scalable_target(**_target(endpoint), MinCapacity=2, MaxCapacity=4)

    def over() -> list[dict[str, Any]]:
        found = client.describe_scaling_activities(**_target(endpoint))["ScalingActivities"]
        return [entry for entry in found if entry["StatusCode"] == "Successful"]

    [entry] = wait_for(over, "the minimum")
    assert entry["Cause"] == "minimum capacity was set to 2"
    assert world.settled(endpoint)["ProductionVariants"][0]["DesiredInstanceCount"] == 2


@behaviour("Application Auto Scaling", "PutScalingPolicy", covered=False)
def test_other_policies_do_nothing(world: World) -> None:
    """Step scaling, scheduled actions and other metrics are kept and described, but never act."""
    endpoint = world.endpoint()
    client = world.sandbox.client("application-autoscaling")
    client.register_scalable_target(**_target(endpoint), MinCapacity=1, MaxCapacity=4)
    answer = client.put_scaling_policy(
        **_target(endpoint),
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 1.0,
            "CustomizedMetricSpecification": {
                "MetricName": "CPUUtilization",
                "Namespace": "/aws/sagemaker/Endpoints",
                "Statistic": "Average",
            },
        },
    )
    assert answer["Alarms"] == []


def _alarms(endpoint: str) -> str:
    return f"TargetTracking-endpoint/{endpoint}/variant/live-"
