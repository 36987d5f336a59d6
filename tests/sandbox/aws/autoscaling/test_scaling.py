"""Load scales fleets by target tracking, in the time that the sandbox's time scale makes of it."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.autoscaling import tracking
from sandbox.aws.autoscaling.tracking import Change, Policy
from sandbox.testing import start
from tests.sandbox.world import World, wait_for

POLICY = Policy(target=60.0, out_cooldown=60.0, in_cooldown=300.0, scales_in=True)


class TestDecisions:
    @pytest.mark.parametrize(
        ("count", "per_minute", "needed"),
        [(1, 61.0, 2), (2, 60.0, 2), (2, 90.0, 3), (2, 600.0, 4), (3, 20.0, 1), (4, 0.0, 1)],
    )
    def test_the_fleet_that_has_the_target_within_the_bounds(
        self, count: int, per_minute: float, needed: int
    ) -> None:
        assert tracking.wanted(count, per_minute, POLICY, 1, 4) == needed

    def test_within_the_cooldown_only_a_larger_scale_out_goes_on(self) -> None:
        last = Change(0, before=1, after=3)
        assert tracking.scale_out(3, 3, last, cooldown_over=False) is None
        assert tracking.scale_out(3, 4, last, cooldown_over=False) == 4
        assert tracking.scale_out(2, 3, last, cooldown_over=False) is None
        assert tracking.scale_out(2, 3, last, cooldown_over=True) == 3

    def test_scaling_in_waits_for_its_cooldown(self) -> None:
        assert tracking.scale_in(3, 1, cooldown_over=False) is None
        assert tracking.scale_in(3, 1, cooldown_over=True) == 1
        assert tracking.scale_in(1, 2, cooldown_over=True) is None

    @pytest.mark.parametrize(("scale", "seconds"), [(1, 60), (60, 1), (20, 3), (600, 1)])
    def test_a_minute_is_whole_seconds(self, scale: float, seconds: int) -> None:
        assert tracking.minute(scale) == seconds

    def test_another_metric_is_not_tracked(self) -> None:
        assert tracking.policy({"TargetValue": 1.0, "CustomizedMetricSpecification": {}}) is None


def _target(endpoint: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/live",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A sandbox whose minute is a second."""
    folder: Path = tmp_path_factory.mktemp("fast")
    with start(folder / "home", time_scale=60, instance_cap=1) as sandbox:
        yield World(sandbox, folder)


def tracked(world: World, endpoint: str, target: float, least: int = 1, most: int = 4, **changes: Any) -> Any:
    client = world.sandbox.client("application-autoscaling")
    client.register_scalable_target(**_target(endpoint), MinCapacity=least, MaxCapacity=most)
    configuration = {
        "TargetValue": target,
        "PredefinedMetricSpecification": {"PredefinedMetricType": tracking.PREDEFINED},
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 60,
    }
    client.put_scaling_policy(
        **_target(endpoint),
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration | changes,
    )
    return client


def count(world: World, endpoint: str) -> int:
    return world.describe(endpoint)["ProductionVariants"][0]["DesiredInstanceCount"]


@contextmanager
def load(world: World, endpoint: str, per_second: float) -> Generator[None]:
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(1 / per_second):
            world.invoke(endpoint)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.sandbox
def test_load_brings_instances_and_its_end_takes_them_away(fast: World) -> None:
    endpoint = fast.endpoint()
    client = tracked(fast, endpoint, target=200.0)
    with load(fast, endpoint, 10):  # at most 600 a minute
        began = time.monotonic()
        wait_for(lambda: count(fast, endpoint) >= 2, "a scale-out", limit=30)
        assert time.monotonic() - began > 2, "AlarmHigh takes three minutes"
        wait_for(lambda: count(fast, endpoint) == 3, "three instances", limit=30)
    began = time.monotonic()
    wait_for(lambda: count(fast, endpoint) == 1, "the scale-in", limit=60)
    assert time.monotonic() - began > 10, "AlarmLow takes fifteen minutes"
    fast.settled(endpoint)

    def entries() -> list[dict[str, Any]]:
        found = client.describe_scaling_activities(**_target(endpoint))["ScalingActivities"]
        return found if all(entry["StatusCode"] == "Successful" for entry in found) else []

    found = wait_for(entries, "the activities to be over")
    assert found[0]["Description"] == "Setting desired instance count to 1."
    assert "AlarmLow" in found[0]["Cause"]
    assert "AlarmHigh" in found[-1]["Cause"]


@pytest.mark.sandbox
def test_a_target_brings_the_count_within_its_bounds_without_a_policy(fast: World) -> None:
    endpoint = fast.endpoint()
    client = fast.sandbox.client("application-autoscaling")
    client.register_scalable_target(**_target(endpoint), MinCapacity=2, MaxCapacity=3)
    wait_for(lambda: count(fast, endpoint) == 2, "the minimum")
    fast.settled(endpoint)
    client.register_scalable_target(**_target(endpoint), MinCapacity=1, MaxCapacity=1)
    wait_for(lambda: count(fast, endpoint) == 1, "the maximum")
    causes = [
        entry["Cause"]
        for entry in client.describe_scaling_activities(**_target(endpoint))["ScalingActivities"]
    ]
    assert causes == ["maximum capacity was set to 1", "minimum capacity was set to 2"]


@pytest.mark.sandbox
def test_who_holds_scaling_in_keeps_the_instances(fast: World) -> None:
    """As a rollout does while a candidate takes part of the traffic."""
    endpoint = fast.endpoint(fast.simple_config(count=3))
    client = tracked(fast, endpoint, target=1000.0)
    client.register_scalable_target(**_target(endpoint), SuspendedState={"DynamicScalingInSuspended": True})
    alarms = fast.sandbox.client("cloudwatch")

    def low() -> bool:
        found = alarms.describe_alarms(AlarmNamePrefix=f"TargetTracking-endpoint/{endpoint}/")
        return any("AlarmLow" in a["AlarmName"] for a in found["MetricAlarms"] if a["StateValue"] == "ALARM")

    wait_for(low, "AlarmLow to ring", limit=40)
    time.sleep(3)
    assert count(fast, endpoint) == 3
    client.register_scalable_target(**_target(endpoint), SuspendedState={"DynamicScalingInSuspended": False})
    wait_for(lambda: count(fast, endpoint) == 1, "the scale-in", limit=20)


@pytest.mark.sandbox
def test_while_an_update_is_under_way_nothing_scales(fast: World) -> None:
    endpoint = fast.endpoint()
    with fast.held(endpoint):
        fast.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=fast.simple_config("2"))
        client = fast.sandbox.client("application-autoscaling")
        client.register_scalable_target(**_target(endpoint), MinCapacity=2, MaxCapacity=3)
        time.sleep(2)
        assert client.describe_scaling_activities(**_target(endpoint))["ScalingActivities"] == []
    wait_for(lambda: count(fast, endpoint) == 2, "the minimum afterwards")
