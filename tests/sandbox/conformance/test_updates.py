"""Changes of endpoints: UpdateEndpoint, UpdateEndpointWeightsAndCapacities, deployment guardrails."""

import time
from collections import Counter
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.world import World, wait_for

GUARDRAILS = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails"


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def count(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(kind: str, wait: int = 0, termination: int = 0, **sizes: Any) -> dict[str, Any]:
    """A DeploymentConfig."""
    maximum = {"MaximumExecutionTimeoutInSeconds": sizes.pop("maximum")} if "maximum" in sizes else {}
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **sizes}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination}
    return {"BlueGreenUpdatePolicy": {**policy, **maximum}}


def guarded(config: dict[str, Any], alarm: str) -> dict[str, Any]:
    """A deployment config that an alarm rolls back."""
    return {**config, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}


def make_alarm(world: World) -> str:
    name = world.name("alarm")
    world.sandbox.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Nothing",
        MetricName="Nothing",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    return name


def ring(world: World, alarm: str) -> None:
    world.sandbox.client("cloudwatch").set_alarm_state(
        AlarmName=alarm, StateValue="ALARM", StateReason="test"
    )


def new_share(world: World, endpoint: str) -> float:
    """The share of traffic that goes to the deployment under way."""
    found = next(e for e in world.sandbox.status()["endpoints"] if e["name"] == endpoint)
    return sum(d["traffic"] for d in found["deployments"] if d["role"] == "pending")


def shares_seen(world: World, endpoint: str) -> list[float]:
    """Every share that the new deployment had, in order, until the endpoint settled."""
    seen: list[float] = []
    while world.describe(endpoint)["EndpointStatus"] == "Updating":
        share = new_share(world, endpoint)
        if share and share not in seen:
            seen.append(share)
        time.sleep(0.02)
    return seen


def rescale(world: World, endpoint: str, *changes: dict[str, Any]) -> dict[str, Any]:
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=list(changes)
    )
    return world.settled(endpoint)


@pytest.fixture(scope="module")
def shared(world: World) -> str:
    """An endpoint of two instances that tests update one after the other."""
    return world.endpoint(world.simple_config("0", count=2))


@behaviour("SageMaker", "UpdateEndpoint")
def test_an_update(world: World, shared: str) -> None:
    """An update is Updating on the old config, then InService on the new one."""
    old, new = world.describe(shared)["EndpointConfigName"], world.simple_config("1", count=2)
    answer = world.sagemaker.update_endpoint(
        EndpointName=shared,
        EndpointConfigName=new,
        DeploymentConfig=blue_green("ALL_AT_ONCE", termination=60),
    )
    assert answer["EndpointArn"].endswith(shared)
    seen = world.describe(shared)
    assert (seen["EndpointStatus"], seen["EndpointConfigName"]) == ("Updating", old)
    assert seen["PendingDeploymentSummary"]["EndpointConfigName"] == new
    assert world.settled(shared)["EndpointConfigName"] == new
    assert world.version(shared) == "1"


@behaviour("SageMaker", "UpdateEndpoint")
def test_an_unknown_config(world: World, shared: str) -> None:
    """An update to a config that is not there is refused, and nothing changes."""
    with refused("ValidationException", "Could not find endpoint configuration"):
        world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName="nope")
    assert world.describe(shared)["EndpointStatus"] == "InService"


@behaviour("SageMaker", "UpdateEndpoint")
def test_an_unknown_endpoint(world: World) -> None:
    """An update of an endpoint that is not there is a ValidationException."""
    with refused("ValidationException", "Could not find endpoint"):
        world.sagemaker.update_endpoint(EndpointName="nope", EndpointConfigName=world.simple_config())


@behaviour("SageMaker", "UpdateEndpoint")
def test_one_change_at_a_time(world: World, shared: str) -> None:
    """An endpoint that is Updating can be neither updated, rescaled nor deleted."""
    config = world.simple_config("2", count=2)
    world.sandbox.faults("slow_ping", endpoint=shared, seconds=0.5)
    world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName=config)
    change = [{"VariantName": "live", "DesiredWeight": 1.0}]
    for refuse in (
        lambda: world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName=config),
        lambda: world.sagemaker.delete_endpoint(EndpointName=shared),
        lambda: world.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=shared, DesiredWeightsAndCapacities=change
        ),
    ):
        with refused("ValidationException", "Cannot update in-progress endpoint"):
            refuse()
    world.settled(shared)


@behaviour("SageMaker", "BlueGreenUpdatePolicy")
def test_canary_by_percent(world: World, shared: str) -> None:
    """A canary by capacity percent gives the new fleet its share first, then everything."""
    config = blue_green("CANARY", wait=60, termination=60, CanarySize=percent(30))
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("3", count=2), DeploymentConfig=config
    )
    assert shares_seen(world, shared) == [0.3, 1.0]


@behaviour("SageMaker", "TrafficRoutingConfig")
def test_canary_by_count(world: World, shared: str) -> None:
    """A canary by instance count gives the new fleet that part of its instances' share."""
    config = blue_green("CANARY", wait=60, termination=60, CanarySize=count(1))
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("4", count=4), DeploymentConfig=config
    )
    assert shares_seen(world, shared) == [0.25, 1.0]


@behaviour("SageMaker", "TrafficRoutingConfig")
def test_linear_by_percent(world: World, shared: str) -> None:
    """A linear shift by capacity percent moves step by step until everything has moved."""
    config = blue_green("LINEAR", wait=30, termination=30, LinearStepSize=percent(40))
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("5", count=2), DeploymentConfig=config
    )
    assert shares_seen(world, shared) == [0.4, 0.8, 1.0]


@behaviour("SageMaker", "TrafficRoutingConfig")
def test_linear_by_count(world: World, shared: str) -> None:
    """A linear shift by instance count moves so many instances' share at a time."""
    config = blue_green("LINEAR", wait=30, termination=30, LinearStepSize=count(1))
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("6", count=2), DeploymentConfig=config
    )
    assert shares_seen(world, shared) == [0.5, 1.0]


@behaviour("SageMaker", "RollingUpdatePolicy")
def test_rolling(world: World, shared: str) -> None:
    """A rolling update moves batch by batch."""
    rolling = {"MaximumBatchSize": percent(50), "WaitIntervalInSeconds": 60}
    world.sagemaker.update_endpoint(
        EndpointName=shared,
        EndpointConfigName=world.simple_config("7", count=2),
        DeploymentConfig={"RollingUpdatePolicy": rolling},
    )
    assert shares_seen(world, shared)[0] == 0.5
    assert world.version(shared) == "7"


@behaviour("SageMaker", "TrafficRoutingConfig")
def test_sizes_have_limits(world: World, shared: str) -> None:
    """A canary is at most half of the capacity and a linear step 10 to 50 percent of it."""
    config = world.simple_config("8", count=4)
    for wrong in (
        blue_green("CANARY", CanarySize=percent(51)),
        blue_green("CANARY", CanarySize=count(3)),
        blue_green("CANARY"),
        blue_green("LINEAR", LinearStepSize=percent(9)),
        blue_green("LINEAR", LinearStepSize=percent(60)),
    ):
        with refused("ValidationException", "Size"):
            world.sagemaker.update_endpoint(
                EndpointName=shared, EndpointConfigName=config, DeploymentConfig=wrong
            )


@behaviour("SageMaker", "BlueGreenUpdatePolicy")
def test_times_have_limits(world: World, shared: str) -> None:
    """WaitIntervalInSeconds and TerminationWaitInSeconds are at most 3600, the whole at most 28800."""
    client = unchecked(world.sandbox)
    for wrong, member in (
        (blue_green("ALL_AT_ONCE", wait=3601), "waitIntervalInSeconds"),
        (blue_green("ALL_AT_ONCE", termination=3601), "terminationWaitInSeconds"),
        (blue_green("ALL_AT_ONCE", maximum=28801), "maximumExecutionTimeoutInSeconds"),
        (blue_green("ALL_AT_ONCE", maximum=599), "maximumExecutionTimeoutInSeconds"),
    ):
        with refused("ValidationException", member):
            client.update_endpoint(EndpointName=shared, EndpointConfigName="c", DeploymentConfig=wrong)


@behaviour("SageMaker", "AutoRollbackConfig")
def test_alarms_have_limits(world: World, shared: str) -> None:
    """AutoRollbackConfiguration has at most ten alarms."""
    alarms = [{"AlarmName": f"a{number}"} for number in range(11)]
    config = {**blue_green("ALL_AT_ONCE"), "AutoRollbackConfiguration": {"Alarms": alarms}}
    with refused("ValidationException", "at 'deploymentConfig.autoRollbackConfiguration.alarms'"):
        world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName="c", DeploymentConfig=config)


@behaviour("SageMaker", "UpdateEndpoint")
def test_both_policies(world: World, shared: str) -> None:
    """A DeploymentConfig has either a blue/green or a rolling policy."""
    rolling = {"MaximumBatchSize": percent(50), "WaitIntervalInSeconds": 60}
    config = {**blue_green("ALL_AT_ONCE"), "RollingUpdatePolicy": rolling}
    with refused("ValidationException", "not both"):
        world.sagemaker.update_endpoint(
            EndpointName=shared, EndpointConfigName=world.simple_config(), DeploymentConfig=config
        )


@behaviour("SageMaker", "DescribeEndpoint")
def test_the_phases(world: World, shared: str) -> None:
    """VariantStatus of an update is Creating, then ActivatingTraffic, then Baking."""
    config = blue_green("CANARY", wait=60, termination=60, CanarySize=percent(10))
    world.sandbox.faults("slow_ping", endpoint=shared, seconds=0.4)
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("9", count=2), DeploymentConfig=config
    )
    seen: list[str] = []
    while (now := world.describe(shared))["EndpointStatus"] == "Updating":
        [variant] = now.get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])
        for status in variant.get("VariantStatus", []):
            if status["Status"] not in seen:
                seen.append(status["Status"])
        time.sleep(0.02)
    assert seen == ["Creating", "ActivatingTraffic", "Baking"]


@behaviour("SageMaker", f"{GUARDRAILS}-blue-green-canary.html")
def test_an_alarm_in_the_bake(world: World, shared: str) -> None:
    """An alarm during the bake rolls back: InService on the old config, with a FailureReason."""
    before = world.describe(shared)["EndpointConfigName"]
    alarm = make_alarm(world)
    config = guarded(blue_green("CANARY", wait=3600, CanarySize=percent(20)), alarm)
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("bad"), DeploymentConfig=config
    )
    wait_for(lambda: new_share(world, shared), "the canary's share")
    ring(world, alarm)
    seen = wait_for(
        lambda: (s := world.describe(shared))["EndpointStatus"] != "Updating" and s, "the rollback"
    )
    assert seen["EndpointStatus"] in ("RollingBack", "InService")
    after = world.settled(shared)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)
    assert alarm in after["FailureReason"]
    assert {world.version(shared) for _ in range(5)} == {"9"}


@behaviour("SageMaker", f"{GUARDRAILS}-configuration.html")
def test_an_alarm_that_rings_already(world: World, shared: str) -> None:
    """An alarm that is in ALARM when the traffic should move rolls back at once."""
    alarm = make_alarm(world)
    ring(world, alarm)
    before = world.describe(shared)["EndpointConfigName"]
    config = guarded(blue_green("ALL_AT_ONCE", termination=600), alarm)
    after = world.update(shared, world.simple_config("bad"), DeploymentConfig=config)
    assert after["EndpointConfigName"] == before
    assert alarm in after["FailureReason"]


@behaviour("SageMaker", "DescribeEndpoint")
def test_rolling_back(world: World, shared: str) -> None:
    """An update that is taken back is RollingBack before it is InService again."""
    world.sandbox.faults("insufficient_capacity", endpoint=shared)
    world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName=world.simple_config())
    wait_for(lambda: world.describe(shared)["EndpointStatus"] == "RollingBack", "RollingBack")
    assert world.settled(shared)["EndpointStatus"] == "InService"


@behaviour("SageMaker", "BlueGreenUpdatePolicy")
def test_the_longest_time(world: World, shared: str) -> None:
    """A deployment that takes longer than MaximumExecutionTimeoutInSeconds is rolled back."""
    before = world.describe(shared)["EndpointConfigName"]
    config = blue_green("ALL_AT_ONCE", termination=1200, maximum=600)
    world.sandbox.faults("slow_ping", endpoint=shared, seconds=4.6)
    started = time.monotonic()
    after = world.update(shared, world.simple_config("late"), DeploymentConfig=config)
    assert after["EndpointConfigName"] == before
    assert "MaximumExecutionTimeout" in after["FailureReason"]
    assert time.monotonic() - started < 9, "the time that the fleet took to start counts as well"


@behaviour("SageMaker", "UpdateEndpoint")
def test_a_rollback_that_says_nothing(world: World, shared: str) -> None:
    """An update can end InService on the old config without a FailureReason."""
    before = world.describe(shared)["EndpointConfigName"]
    world.sandbox.faults("silent_rollback", endpoint=shared)
    after = world.update(shared, world.simple_config())
    assert (after["EndpointConfigName"], "FailureReason" in after) == (before, False)


@behaviour("SageMaker", f"{GUARDRAILS}-rolling.html")
def test_update_rollback_failed(world: World) -> None:
    """A rollback that fails is UpdateRollbackFailed, with a mix of both configs serving, until an update."""
    name = world.endpoint(world.simple_config("old"))
    world.sandbox.faults("rollback_failed", endpoint=name, reason="no capacity to go back to")
    stuck = world.update(name, world.simple_config("new"))
    assert stuck["EndpointStatus"] == "UpdateRollbackFailed"
    assert stuck["FailureReason"] == "no capacity to go back to"
    assert len({world.version(name) for _ in range(40)}) == 2
    fixed = world.update(name, world.simple_config("next"))
    assert (fixed["EndpointStatus"], "FailureReason" in fixed) == ("InService", False)
    assert {world.version(name) for _ in range(10)} == {"next"}


@behaviour("SageMaker", "DescribeEndpoint")
def test_last_deployment_config(world: World, shared: str) -> None:
    """LastDeploymentConfig is that of the last update that succeeded."""
    config = blue_green("CANARY", wait=0, CanarySize=percent(10))
    after = world.update(shared, world.simple_config("10"), DeploymentConfig=config)
    assert after["LastDeploymentConfig"] == config


@behaviour("SageMaker", "UpdateEndpoint")
def test_retain_deployment_config(world: World, shared: str) -> None:
    """RetainDeploymentConfig uses the last deployment config again."""
    config = blue_green("LINEAR", wait=0, LinearStepSize=percent(50))
    world.update(shared, world.simple_config("11"), DeploymentConfig=config)
    after = world.update(shared, world.simple_config("12"), RetainDeploymentConfig=True)
    assert after["LastDeploymentConfig"] == config


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_weights_and_counts(world: World, shared: str) -> None:
    """UpdateEndpointWeightsAndCapacities changes what it names and keeps the rest."""
    world.update(shared, world.simple_config("13", count=1))
    after = rescale(world, shared, {"VariantName": "live", "DesiredInstanceCount": 2})
    [variant] = after["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 1.0)
    after = rescale(world, shared, {"VariantName": "live", "DesiredWeight": 0.5})
    [variant] = after["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 0.5)


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_unknown_variants(world: World, shared: str) -> None:
    """A variant that the endpoint does not have is refused."""
    with refused("ValidationException", 'The variant name(s) "ghost" is not present within endpoint config'):
        rescale(world, shared, {"VariantName": "ghost", "DesiredWeight": 1.0})


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_negative_weights(world: World, shared: str) -> None:
    """DesiredWeight is not below 0."""
    with refused("ValidationException", "at 'desiredWeightsAndCapacities.1.member.desiredWeight'"):
        unchecked(world.sandbox).update_endpoint_weights_and_capacities(
            EndpointName=shared, DesiredWeightsAndCapacities=[{"VariantName": "live", "DesiredWeight": -1}]
        )


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_a_scale_out_under_way(world: World, shared: str) -> None:
    """While instances start, the desired count is the new one and the current count the old one."""
    world.update(shared, world.simple_config("14", count=1))
    world.sandbox.client("logs")
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=shared, DesiredWeightsAndCapacities=[{"VariantName": "live", "DesiredInstanceCount": 2}]
    )
    [variant] = world.describe(shared)["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 2)
    assert variant["VariantStatus"][0]["Status"] == "Updating"
    world.settled(shared)


@behaviour("SageMaker", "UpdateEndpoint")
def test_counts_are_reset_by_an_update(world: World, shared: str) -> None:
    """An update takes counts and weights from its config, unless it is told to retain them."""
    rescale(world, shared, {"VariantName": "live", "DesiredInstanceCount": 2, "DesiredWeight": 0.5})
    kept = world.update(shared, world.simple_config("15", count=1), RetainAllVariantProperties=True)
    [variant] = kept["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 0.5)
    reset = world.update(shared, world.simple_config("16", count=1))
    [variant] = reset["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (1, 1.0)


@behaviour("SageMaker", "VariantProperty")
def test_excluded_properties(world: World, shared: str) -> None:
    """ExcludeRetainedVariantProperties names what is not retained."""
    rescale(world, shared, {"VariantName": "live", "DesiredInstanceCount": 2, "DesiredWeight": 0.5})
    after = world.update(
        shared,
        world.simple_config("17", count=1),
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredInstanceCount"}],
    )
    [variant] = after["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (1, 0.5)


@behaviour("SageMaker", "VariantProperty")
def test_properties_that_are_none(world: World, shared: str) -> None:
    """A VariantPropertyType that is none is refused with the enum."""
    with refused("ValidationException", "[DesiredInstanceCount, DesiredWeight, DataCaptureConfig]"):
        world.sagemaker.update_endpoint(
            EndpointName=shared,
            EndpointConfigName="c",
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "Colour"}],
        )


@behaviour("SageMaker", "DeleteEndpointConfig")
def test_a_config_in_use_can_be_deleted(world: World) -> None:
    """The config of a live endpoint can be deleted: the endpoint goes on, but cannot be patched by AWS."""
    config = world.simple_config("kept")
    name = world.endpoint(config)
    world.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    assert world.version(name) == "kept"
    assert world.describe(name)["EndpointConfigName"] == config


@behaviour("SageMaker", f"{GUARDRAILS}-blue-green.html")
def test_requests_divide_during_a_canary(world: World, shared: str) -> None:
    """During a canary both versions answer, in the proportion of the shift."""
    old = world.version(shared)
    config = blue_green("CANARY", wait=240, CanarySize=percent(30))
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("new"), DeploymentConfig=config
    )
    wait_for(lambda: new_share(world, shared), "the canary's share")
    seen = Counter(world.version(shared) for _ in range(200))
    assert set(seen) == {old, "new"}
    assert 30 <= seen["new"] <= 92
    world.settled(shared)
