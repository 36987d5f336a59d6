"""The whole chain: requests become metrics, metrics ring an alarm, and SageMaker takes an update back.

Nobody sets the alarm's state. The alarm is the one that the stage program makes: metric math over minutes.
"""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import start
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox

NAMESPACE = "AWS/SageMaker"


def errors_alarm(world: World, endpoint: str) -> str:
    """More than 5 % of a minute's invocations failed, of at least 20."""
    name = world.name("errors")

    def total(identity: str, metric: str) -> dict[str, Any]:
        dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "live"}]
        described = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
        return {
            "Id": identity,
            "ReturnData": False,
            "MetricStat": {"Metric": described, "Period": 60, "Stat": "Sum"},
        }

    world.sandbox.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Metrics=[
            {
                "Id": "share",
                "Expression": "IF(requests >= 20, 100 * errors / requests, 0)",
                "ReturnData": True,
            },
            total("errors", "Invocation5XXErrors"),
            total("requests", "Invocations"),
        ],
        ComparisonOperator="GreaterThanThreshold",
        Threshold=5,
        EvaluationPeriods=1,
        TreatMissingData="notBreaching",
    )
    return name


def canary(alarm: str, wait: int) -> dict[str, Any]:
    routing = {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        "WaitIntervalInSeconds": wait,
    }
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
    }


@contextmanager
def traffic(world: World, endpoint: str, body: Callable[[], str]) -> Generator[None]:
    """Requests one after another until the end of the block; failing ones are what they are."""
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            with suppress(ClientError):
                world.invoke(endpoint, body())

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        stop.set()
        asking.join()


def state(world: World, alarm: str) -> dict[str, Any]:
    return world.sandbox.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]


def test_a_failing_canary_is_taken_back_by_real_traffic(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("good", count=2))
    before = world.describe(endpoint)["EndpointConfigName"]
    alarm = errors_alarm(world, endpoint)
    bad = world.simple_config("bad", count=2, FAILING="1")
    with traffic(world, endpoint, lambda: "hi"):
        wait_for(lambda: state(world, alarm)["StateValue"] == "OK", "the alarm to be OK")
        world.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=bad, DeploymentConfig=canary(alarm, 3600)
        )
        after = world.settled(endpoint)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)
    assert alarm in after["FailureReason"]
    rung = state(world, alarm)
    assert rung["StateValue"] == "ALARM"
    assert "was greater than the threshold (5.0)" in rung["StateReason"]
    assert world.version(endpoint) == "good"
    wait_for(lambda: state(world, alarm)["StateValue"] == "OK", "the alarm to be over with the deployment")
    fixed = world.simple_config("fixed", count=2)
    assert world.update(endpoint, fixed, DeploymentConfig=canary(alarm, 120))["EndpointConfigName"] == fixed


def test_a_good_canary_passes_the_same_alarm(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("good", count=2))
    alarm = errors_alarm(world, endpoint)
    better = world.simple_config("better", count=2)
    with traffic(world, endpoint, lambda: "hi"):
        after = world.update(endpoint, better, DeploymentConfig=canary(alarm, 240))
    assert after["EndpointConfigName"] == better
    assert state(world, alarm)["StateValue"] == "OK"


def test_at_true_time_the_alarm_rings_at_its_boundary(tmp_path: Path) -> None:
    with start(tmp_path / "home", time_scale=1) as sandbox:
        world = World(sandbox, tmp_path)
        endpoint = world.endpoint(world.simple_config("good", count=2))
        alarm = errors_alarm(world, endpoint)
        world.sagemaker.update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=world.simple_config("bad", count=2, FAILING="1"),
            DeploymentConfig=canary(alarm, 600),
        )
        failed = 0
        while failed < 40:  # so many that a full minute has 20 even when they lie across two
            with suppress(ClientError):
                world.invoke(endpoint)
                continue
            failed += 1
        sandbox.advance_clock(60)
        wait_for(lambda: state(world, alarm)["StateValue"] == "ALARM", "the alarm to ring")
        wait_for(lambda: world.describe(endpoint)["EndpointStatus"] == "RollingBack", "the rollback")
        evaluated = json.loads(state(world, alarm)["StateReasonData"])
        assert evaluated["period"] == 60
        assert evaluated["evaluatedDatapoints"][0]["timestamp"].endswith(":00.000+0000"), "a whole minute"
