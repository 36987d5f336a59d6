"""Updates: blue/green, alarms, silent rollbacks, weights and counts, requests that are never dropped."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conformance.shifts import answers_at, divides
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox

CANARY: dict[str, Any] = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 30},
            "WaitIntervalInSeconds": 120,
        },
        "TerminationWaitInSeconds": 0,
    }
}


def guarded(alarm: str, policy: dict[str, Any]) -> dict[str, Any]:
    """A deployment config that rolls back on `alarm`."""
    return {**policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}


def all_at_once(termination_wait: int, **members: int) -> dict[str, Any]:
    """A deployment config that moves all traffic and then bakes."""
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination_wait}
    return {"BlueGreenUpdatePolicy": {**policy, **members}}


def make_alarm(world: World) -> str:
    name = world.name("alarm")
    world.sandbox.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    return name


def test_an_update_moves_to_the_new_config(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("1"))
    old_pids = {instance["pid"] for instance in world.instances(endpoint)}
    config = world.simple_config("2", count=2)
    world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config, DeploymentConfig=CANARY)
    updating = world.describe(endpoint)
    assert updating["EndpointStatus"] == "Updating"
    assert updating["EndpointConfigName"] != config, "the old config serves until the update is over"
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == config
    done = world.settled(endpoint)
    assert (done["EndpointStatus"], done["EndpointConfigName"]) == ("InService", config)
    assert done["LastDeploymentConfig"] == CANARY
    assert "PendingDeploymentSummary" not in done
    assert done["LastModifiedTime"] > done["CreationTime"]
    assert world.version(endpoint) == "2"
    wait_for(lambda: not old_pids & set(world.sandbox.status()["children"]), "the old fleet to end")


def test_a_canary_gives_the_new_fleet_its_share_first(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("old"))
    slow = {**CANARY["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"], "WaitIntervalInSeconds": 360}
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": slow}}
    world.sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=world.simple_config("new", count=2), DeploymentConfig=policy
    )
    wait_for(lambda: world.version(endpoint) == "new", "the canary's first answer")
    seen = answers_at(world, endpoint, 0.3, most=300)
    assert divides(seen, "new", 0.3), seen
    assert world.settled(endpoint)["EndpointStatus"] == "InService"
    assert {world.version(endpoint) for _ in range(20)} == {"new"}


def test_an_alarm_during_the_bake_rolls_back(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("good"))
    before = world.describe(endpoint)["EndpointConfigName"]
    alarm = make_alarm(world)
    world.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=world.simple_config("bad"),
        DeploymentConfig=guarded(alarm, all_at_once(3600)),
    )
    wait_for(lambda: world.version(endpoint) == "bad", "the new version to serve")
    cloudwatch = world.sandbox.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    after = world.settled(endpoint)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)
    assert alarm in after["FailureReason"]
    assert "LastDeploymentConfig" not in after
    assert world.version(endpoint) == "good"


def test_a_new_fleet_without_a_ping_leaves_the_old_config_in_service(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("good"))
    before = world.describe(endpoint)
    after = world.update(endpoint, world.simple_config("bad", BROKEN="1", PYTHONHOME="/nowhere"))
    assert after["EndpointStatus"] == "InService"
    assert after["EndpointConfigName"] == before["EndpointConfigName"]
    assert "did not pass the ping health check" in after["FailureReason"]
    assert world.version(endpoint) == "good"
    assert len(world.instances(endpoint)) == 1


def test_a_silent_rollback_says_nothing(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("good"))
    before = world.describe(endpoint)["EndpointConfigName"]
    world.sandbox.faults("silent_rollback", endpoint=endpoint)
    after = world.update(endpoint, world.simple_config("new"))
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)
    assert "FailureReason" not in after
    assert world.version(endpoint) == "good"
    again = world.update(endpoint, world.simple_config("new"))
    assert again["EndpointConfigName"] != before, "the fault was used up"


def test_an_update_without_capacity_keeps_the_old_config(world: World) -> None:
    endpoint = world.endpoint()
    before = world.describe(endpoint)["EndpointConfigName"]
    world.sandbox.faults("insufficient_capacity", endpoint=endpoint)
    after = world.update(endpoint, world.simple_config("2"))
    assert after["EndpointConfigName"] == before
    assert "InsufficientInstanceCapacity" in after["FailureReason"]
    assert "FailureReason" not in world.update(endpoint, world.simple_config("3"))


def test_a_deployment_that_takes_too_long_rolls_back(world: World) -> None:
    endpoint = world.endpoint()
    before = world.describe(endpoint)["EndpointConfigName"]
    policy = all_at_once(590, MaximumExecutionTimeoutInSeconds=600)
    started = time.monotonic()
    after = world.update(endpoint, world.simple_config("2"), DeploymentConfig=policy)
    assert after["EndpointConfigName"] == before
    assert "MaximumExecutionTimeout" in after["FailureReason"]
    assert time.monotonic() - started > 4, "600 of SageMaker's seconds are 5 here"


def test_two_updates_at_once_are_refused(world: World) -> None:
    endpoint = world.endpoint()
    config = world.simple_config("2")
    change = [{"VariantName": "live", "DesiredWeight": 1}]
    with world.held(endpoint):
        world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        for refused in (
            lambda: world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config),
            lambda: world.sagemaker.delete_endpoint(EndpointName=endpoint),
            lambda: world.sagemaker.update_endpoint_weights_and_capacities(
                EndpointName=endpoint, DesiredWeightsAndCapacities=change
            ),
        ):
            with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
                refused()
    assert world.settled(endpoint)["EndpointConfigName"] == config


def test_no_request_is_dropped_during_an_update(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("1", count=2))
    stop = threading.Event()
    answers: Counter[str] = Counter()

    def ask() -> None:
        runtime = world.sandbox.client("sagemaker-runtime")
        while not stop.is_set():
            answer = runtime.invoke_endpoint(EndpointName=endpoint, Body=b"sleep 0.02")
            answers[answer["Body"].read().decode().split('"')[3]] += 1

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for version in ("2", "3"):
            world.update(endpoint, world.simple_config(version, count=2), DeploymentConfig=CANARY)
        stop.set()
        for future in asking:
            future.result()
    assert set(answers) == {"1", "2", "3"}


def test_a_request_in_flight_ends_on_the_old_fleet(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("old"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(world.invoke, endpoint, "sleep 2")
        wait_for(lambda: in_flight(world, endpoint), "the request to arrive")
        world.update(endpoint, world.simple_config("new"))
        assert world.version(endpoint) == "new"
        assert not waiting.done(), "the update did not wait for it"
        assert waiting.result()["version"] == "old"


def test_weights_and_counts_change_without_a_new_config(world: World) -> None:
    one, two = world.model("a"), world.model("b")
    config = world.config(world.variant(one, "a", 2, 1.0), world.variant(two, "b", 1, 1.0))
    endpoint = world.endpoint(config)
    change(world, endpoint, *({"VariantName": n, "DesiredWeight": w} for n, w in (("a", 2.0), ("b", 0.0))))
    by_name = variants(world, endpoint)
    assert by_name["a"]["CurrentInstanceCount"] == by_name["a"]["DesiredInstanceCount"] == 2
    assert by_name["b"]["CurrentInstanceCount"] == 1, "a call without a count keeps it"
    assert by_name["a"]["CurrentWeight"] == 2.0
    assert by_name["b"]["CurrentWeight"] == 0.0
    assert {world.version(endpoint) for _ in range(30)} == {"a"}
    change(world, endpoint, {"VariantName": "b", "DesiredInstanceCount": 2})
    by_name = variants(world, endpoint)
    assert by_name["b"]["CurrentInstanceCount"] == 2
    assert by_name["b"]["CurrentWeight"] == 0.0, "a call without a weight keeps it"
    with pytest.raises(ClientError, match='"c" is not present'):
        change(world, endpoint, {"VariantName": "c", "DesiredWeight": 1.0})


def test_counts_that_autoscaling_raised_are_retained_on_request(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("1", count=1))
    change(world, endpoint, {"VariantName": "live", "DesiredInstanceCount": 4, "DesiredWeight": 0.5})
    world.update(endpoint, world.simple_config("2", count=1), RetainAllVariantProperties=True)
    live = variants(world, endpoint)["live"]
    assert (live["CurrentInstanceCount"], live["CurrentWeight"]) == (4, 0.5)
    world.update(
        endpoint,
        world.simple_config("3", count=1),
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
    )
    live = variants(world, endpoint)["live"]
    assert (live["CurrentInstanceCount"], live["CurrentWeight"]) == (4, 1.0)
    world.update(endpoint, world.simple_config("4", count=1))
    assert variants(world, endpoint)["live"]["CurrentInstanceCount"] == 1, "without it they are reset"


def test_a_failed_scale_out_rolls_back(world: World, tmp_path: Path) -> None:
    poison = tmp_path / "poison"
    endpoint = world.endpoint(world.simple_config("1", count=1, POISON=str(poison)))
    poison.touch()
    change(world, endpoint, {"VariantName": "live", "DesiredInstanceCount": 2, "DesiredWeight": 0.5})
    live = variants(world, endpoint)["live"]
    assert live["CurrentInstanceCount"] == live["DesiredInstanceCount"] == 1
    assert live["CurrentWeight"] == live["DesiredWeight"] == 1.0
    assert "did not pass the ping" in world.describe(endpoint)["FailureReason"]
    assert world.version(endpoint) == "1"


def test_the_deployment_config_is_retained_on_request(world: World) -> None:
    endpoint = world.endpoint()
    assert world.update(endpoint, world.simple_config("2", count=2), DeploymentConfig=CANARY)[
        "LastDeploymentConfig"
    ]
    kept = world.update(endpoint, world.simple_config("3", count=2), RetainDeploymentConfig=True)
    assert kept["LastDeploymentConfig"] == CANARY


def change(world: World, endpoint: str, *changes: dict[str, Any]) -> None:
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=list(changes)
    )
    assert world.settled(endpoint)["EndpointStatus"] == "InService"


def variants(world: World, endpoint: str) -> dict[str, dict[str, Any]]:
    return {variant["VariantName"]: variant for variant in world.describe(endpoint)["ProductionVariants"]}


def in_flight(world: World, endpoint: str) -> int:
    found = next(e for e in world.sandbox.status()["endpoints"] if e["name"] == endpoint)
    return sum(fleet["in_flight"] for d in found["deployments"] for fleet in d["fleets"])
