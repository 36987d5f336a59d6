"""SageMaker's DeploymentConfig as steps of traffic."""

from typing import Any

import pytest

from sandbox.serving.endpoints.traffic_shift import Step, traffic_shift


def blue_green(kind: str, wait: int = 300, termination: int = 120, **size: Any) -> dict[str, Any]:
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **size}
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": termination,
        }
    }


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def count(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def test_without_a_config_all_traffic_moves_at_once() -> None:
    assert traffic_shift(None, 1).steps == (Step(1.0, 0.0),)


def test_all_at_once_bakes_for_the_termination_wait() -> None:
    assert traffic_shift(blue_green("ALL_AT_ONCE"), 3).steps == (Step(1.0, 120.0),)


def test_a_canary_has_two_steps() -> None:
    shift = traffic_shift(blue_green("CANARY", CanarySize=percent(10)), 3)
    assert shift.steps == (Step(0.1, 300.0), Step(1.0, 120.0))
    by_count = blue_green("CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 1})
    assert traffic_shift(by_count, 4).steps[0] == Step(0.25, 300.0)


@pytest.mark.parametrize(
    ("size", "shares"), [(50, [0.5, 1.0]), (33, [0.33, 0.66, 0.99, 1.0]), (20, [0.2, 0.4, 0.6, 0.8, 1.0])]
)
def test_linear_steps_end_at_everything(size: int, shares: list[float]) -> None:
    steps = traffic_shift(blue_green("LINEAR", LinearStepSize=percent(size)), 3).steps
    assert [step.share for step in steps] == pytest.approx(shares)
    assert [step.wait for step in steps] == [300.0] * (len(shares) - 1) + [120.0]


def test_a_rolling_update_steps_by_its_batch() -> None:
    rolling = {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2}, "WaitIntervalInSeconds": 60}
    shift = traffic_shift({"RollingUpdatePolicy": {**rolling, "MaximumExecutionTimeoutInSeconds": 900}}, 4)
    assert shift.steps == (Step(0.5, 60.0), Step(1.0, 0.0))
    assert shift.maximum_time == 900


def test_the_alarms_are_named() -> None:
    config = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]}}
    assert traffic_shift(config, 1).alarms == ("a", "b")


def test_linear_steps_by_instance_count() -> None:
    shift = traffic_shift(blue_green("LINEAR", LinearStepSize=count(1)), 4)
    assert [step.share for step in shift.steps] == [0.25, 0.5, 0.75, 1.0]
