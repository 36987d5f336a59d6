"""Which DeploymentConfigs SageMaker refuses, and between which variants one can move traffic."""

from typing import Any

import pytest

from sandbox.aws.sagemaker.endpoints.rules import deployment_problem, variants_problem


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


def test_a_deployment_config_needs_the_same_variants() -> None:
    live, candidate = {"VariantName": "live"}, {"VariantName": "candidate"}
    canary = blue_green("CANARY", CanarySize=percent(10))
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(50)}}
    assert variants_problem(canary, ["live"], [live]) is None
    assert variants_problem(rolling, ["live"], [live]) is None
    assert variants_problem(None, ["live"], [live, candidate]) is None
    alarms_alone = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}
    for config in (canary, rolling, blue_green("ALL_AT_ONCE"), alarms_alone):
        assert "same variant names" in (variants_problem(config, ["live"], [candidate]) or "")
        assert "same variant names" in (variants_problem(config, ["live"], [live, candidate]) or "")
    assert "several" in (variants_problem(rolling, ["live", "candidate"], [live, candidate]) or "")
    serverless = {**live, "ServerlessConfig": {}}
    assert "serverless" in (variants_problem(rolling, ["live"], [serverless]) or "")
