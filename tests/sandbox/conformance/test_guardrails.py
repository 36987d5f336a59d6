"""Deployment guardrails: canary, linear and rolling shifts, their limits, alarms and rollbacks."""

import time

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.conformance.shifts import (
    answers_at,
    blue_green,
    count,
    divides,
    guarded,
    make_alarm,
    new_share,
    percent,
    ring,
    shares_seen,
)
from tests.sandbox.world import World, wait_for

GUARDRAILS = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails"


@pytest.fixture(scope="module")
def shared(world: World) -> str:
    """An endpoint of two instances that tests update one after the other."""
    return world.endpoint(world.simple_config("0", count=2))


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
    """A canary is at most half of the instances, a linear step 10 to 50 percent; one cannot be split."""
    four, one = world.simple_config("8", count=4), world.simple_config("8", count=1)
    for config, wrong in (
        (four, blue_green("CANARY", CanarySize=percent(51))),
        (four, blue_green("CANARY", CanarySize=count(3))),
        (four, blue_green("CANARY")),
        (four, blue_green("LINEAR", LinearStepSize=percent(9))),
        (four, blue_green("LINEAR", LinearStepSize=percent(60))),
        (one, blue_green("CANARY", CanarySize=percent(10))),
        (one, blue_green("LINEAR", LinearStepSize=count(1))),
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


@behaviour("SageMaker", "BlueGreenUpdatePolicy")
def test_waits_within_the_longest_time(world: World, shared: str) -> None:
    """MaximumExecutionTimeoutInSeconds is larger than all waits together."""
    config = world.simple_config("8", count=2)
    for wrong in (
        blue_green("ALL_AT_ONCE", termination=1200, maximum=600),
        blue_green("CANARY", wait=300, termination=300, maximum=600, CanarySize=percent(50)),
        blue_green("LINEAR", wait=300, maximum=600, LinearStepSize=percent(25)),
    ):
        with refused("ValidationException", "larger than the total waiting time"):
            world.sagemaker.update_endpoint(
                EndpointName=shared, EndpointConfigName=config, DeploymentConfig=wrong
            )


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
    change = {"EndpointConfigName": world.simple_config("9", count=2), "DeploymentConfig": config}
    with world.held(shared):
        world.sagemaker.update_endpoint(EndpointName=shared, **change)
        [starting] = world.describe(shared)["PendingDeploymentSummary"]["ProductionVariants"]
    seen = [status["Status"] for status in starting["VariantStatus"]]
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
        EndpointName=shared, EndpointConfigName=world.simple_config("bad", count=2), DeploymentConfig=config
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
    assert "bad" not in {world.version(shared) for _ in range(5)}


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


@behaviour("SageMaker", "BlueGreenUpdatePolicy")
def test_the_longest_time(world: World, shared: str) -> None:
    """A deployment that takes longer than MaximumExecutionTimeoutInSeconds is rolled back."""
    before = world.describe(shared)["EndpointConfigName"]
    config = blue_green("ALL_AT_ONCE", termination=300, maximum=600)
    world.sandbox.faults("slow_ping", endpoint=shared, seconds=4.6)
    started = time.monotonic()
    after = world.update(shared, world.simple_config("late"), DeploymentConfig=config)
    assert after["EndpointConfigName"] == before
    assert "MaximumExecutionTimeout" in after["FailureReason"]
    assert time.monotonic() - started < 9, "the time that the fleet took to start counts as well"


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


@behaviour("SageMaker", f"{GUARDRAILS}-blue-green.html")
def test_requests_divide_during_a_canary(world: World, shared: str) -> None:
    """During a canary both versions answer, in the proportion of the shift."""
    old = world.version(shared)
    config = blue_green("CANARY", wait=240, CanarySize=percent(30))
    world.sagemaker.update_endpoint(
        EndpointName=shared, EndpointConfigName=world.simple_config("new", count=2), DeploymentConfig=config
    )
    wait_for(lambda: new_share(world, shared), "the canary's share")
    seen = answers_at(world, shared, 0.3, most=200)
    assert set(seen) == {old, "new"}
    assert divides(seen, "new", 0.3), seen
    world.settled(shared)


@behaviour("SageMaker", f"{GUARDRAILS}-exclusions.html")
def test_variant_names_stay(world: World, shared: str) -> None:
    """A blue/green deployment needs the same variant names; an update without a config works for any."""
    renamed = world.config(world.variant(world.model("renamed"), "other"))
    for config in (blue_green("CANARY", CanarySize=percent(10)), blue_green("ALL_AT_ONCE")):
        with refused("ValidationException", "must have the same variant names as the old endpoint config"):
            world.sagemaker.update_endpoint(
                EndpointName=shared, EndpointConfigName=renamed, DeploymentConfig=config
            )
    assert world.update(shared, renamed)["ProductionVariants"][0]["VariantName"] == "other"
