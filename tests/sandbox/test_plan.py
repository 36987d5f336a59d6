"""SageMaker's DeploymentConfig as steps of traffic."""

from typing import Any

import pytest

from sandbox.endpoints.plan import Step, deployment_plan, deployment_problem, variants_problem


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


def test_without_a_config_all_traffic_moves_at_once() -> None:
    assert deployment_plan(None, 1).steps == (Step(1.0, 0.0),)


def test_all_at_once_bakes_for_the_termination_wait() -> None:
    assert deployment_plan(blue_green("ALL_AT_ONCE"), 3).steps == (Step(1.0, 120.0),)


def test_a_canary_has_two_steps() -> None:
    plan = deployment_plan(blue_green("CANARY", CanarySize=percent(10)), 3)
    assert plan.steps == (Step(0.1, 300.0), Step(1.0, 120.0))
    by_count = blue_green("CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 1})
    assert deployment_plan(by_count, 4).steps[0] == Step(0.25, 300.0)


@pytest.mark.parametrize(
    ("size", "shares"), [(50, [0.5, 1.0]), (33, [0.33, 0.66, 0.99, 1.0]), (20, [0.2, 0.4, 0.6, 0.8, 1.0])]
)
def test_linear_steps_end_at_everything(size: int, shares: list[float]) -> None:
    steps = deployment_plan(blue_green("LINEAR", LinearStepSize=percent(size)), 3).steps
    assert [step.share for step in steps] == pytest.approx(shares)
    assert [step.wait for step in steps] == [300.0] * (len(shares) - 1) + [120.0]


def test_a_rolling_update_steps_by_its_batch() -> None:
    rolling = {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2}, "WaitIntervalInSeconds": 60}
    plan = deployment_plan({"RollingUpdatePolicy": {**rolling, "MaximumExecutionTimeoutInSeconds": 900}}, 4)
    assert plan.steps == (Step(0.5, 60.0), Step(1.0, 0.0))
    assert plan.maximum_time == 900


def test_the_alarms_are_named() -> None:
    config = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]}}
    assert deployment_plan(config, 1).alarms == ("a", "b")


def count(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def test_linear_steps_by_instance_count() -> None:
    plan = deployment_plan(blue_green("LINEAR", LinearStepSize=count(1)), 4)
    assert [step.share for step in plan.steps] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("config", "instances", "words"),
    [
        (blue_green("CANARY"), 2, "CanarySize is required"),
        (blue_green("LINEAR"), 2, "LinearStepSize is required"),
        (blue_green("CANARY", CanarySize=percent(51)), 2, "1 to 50 percent"),
        (blue_green("CANARY", CanarySize=count(3)), 4, "at most 50 percent of the 4 instances"),
        (blue_green("LINEAR", LinearStepSize=percent(9)), 4, "10 to 50 percent"),
        (blue_green("ALL_AT_ONCE", CanarySize=percent(10)), 4, "cannot be used with"),
        (blue_green("LINEAR", LinearStepSize=percent(10), CanarySize=percent(10)), 4, "cannot be used with"),
        ({"RollingUpdatePolicy": {"MaximumBatchSize": percent(4)}}, 4, "5 to 50 percent"),
        (
            {"RollingUpdatePolicy": {"MaximumBatchSize": percent(9)}, **blue_green("ALL_AT_ONCE")},
            4,
            "not both",
        ),
    ],
)
def test_a_deployment_config_that_cannot_be_is_refused(
    config: dict[str, Any], instances: int, words: str
) -> None:
    assert words in (deployment_problem(config, instances) or "")


@pytest.mark.parametrize("instances", [1, 4])
def test_good_deployment_configs_pass(instances: int) -> None:
    for config in (
        None,
        blue_green("ALL_AT_ONCE"),
        blue_green("CANARY", CanarySize=percent(50)),
        blue_green("CANARY", CanarySize=count(1)),
        blue_green("LINEAR", LinearStepSize=percent(10)),
        {"RollingUpdatePolicy": {"MaximumBatchSize": count(1)}},
    ):
        assert deployment_problem(config, instances) is None


def test_a_shift_in_steps_needs_the_same_variants() -> None:
    live, candidate = {"VariantName": "live"}, {"VariantName": "candidate"}
    canary = blue_green("CANARY", CanarySize=percent(10))
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(50)}}
    assert variants_problem(canary, ["live"], [live]) is None
    assert variants_problem(rolling, ["live"], [live]) is None
    for config in (None, blue_green("ALL_AT_ONCE")):
        assert variants_problem(config, ["live"], [live, candidate]) is None
    for config in (canary, rolling):
        assert "same variant names" in (variants_problem(config, ["live"], [candidate]) or "")
    assert "several" in (variants_problem(rolling, ["live", "candidate"], [live, candidate]) or "")
    serverless = {**live, "ServerlessConfig": {}}
    assert "serverless" in (variants_problem(rolling, ["live"], [serverless]) or "")
