"""Which DeploymentConfigs SageMaker refuses, and between which variants one can move traffic."""

from typing import Any

import pytest

from sandbox.aws.sagemaker.endpoints.rules import deployment_problem, variants_problem
from tests.sandbox.conformance.shifts import blue_green, count, percent


@pytest.mark.parametrize(
    ("config", "instances", "words"),
    [
        (blue_green("CANARY"), 2, "CanarySize is required"),
        (blue_green("LINEAR"), 2, "LinearStepSize is required"),
        (blue_green("CANARY", CanarySize=percent(51)), 2, "1 to 50 percent"),
        (
            blue_green("CANARY", CanarySize=count(3)),
            4,
            "at most 50 percent of the variant's total",
        ),
        (blue_green("CANARY", CanarySize=count(1)), 1, "instance count (1), not 1"),
        (blue_green("CANARY", CanarySize=percent(10)), 1, "instance count (1), not 1"),
        (blue_green("LINEAR", LinearStepSize=percent(50)), 1, "10 to 50 percent of the variant's total"),
        (blue_green("LINEAR", LinearStepSize=count(1)), 11, "10 to 50 percent of the variant's total"),
        (blue_green("LINEAR", LinearStepSize=count(3)), 5, "instance count (5), not 3"),
        (blue_green("ALL_AT_ONCE", termination=600, maximum=600), 1, "larger than the total waiting time"),
        (blue_green("CANARY", wait=300, termination=300, maximum=600, CanarySize=percent(9)), 2, "(600)"),
        (blue_green("LINEAR", wait=100, maximum=900, LinearStepSize=percent(10)), 10, "(900)"),
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


@pytest.mark.parametrize("instances", [2, 4])
def test_good_deployment_configs_pass(instances: int) -> None:
    for config in (
        blue_green("CANARY", CanarySize=percent(50)),
        blue_green("CANARY", CanarySize=count(1)),
        blue_green("LINEAR", LinearStepSize=percent(10)),
        blue_green("LINEAR", wait=100, maximum=901, LinearStepSize=percent(10)),
        blue_green("LINEAR", LinearStepSize=count(1)),
        *FOR_ONE_TOO,
    ):
        assert deployment_problem(config, instances) is None


FOR_ONE_TOO = (
    None,
    blue_green("ALL_AT_ONCE"),
    blue_green("ALL_AT_ONCE", termination=599, maximum=600),
    {"RollingUpdatePolicy": {"MaximumBatchSize": count(1)}},
)


@pytest.mark.parametrize("config", FOR_ONE_TOO)
def test_one_instance_is_replaced_as_a_whole(config: dict[str, Any] | None) -> None:
    assert deployment_problem(config, 1) is None


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
