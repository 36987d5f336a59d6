"""Which resources a stage's data asks for."""

import pytest

from release.domain import names
from tests.infra.declared import NEW, NEXT, OLD, declare, pin, stage

# pulumi_aws warns of its own old names when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:.*has been deprecated in favor of:DeprecationWarning")

SERVING = {"Model", "EndpointConfiguration", "Endpoint", "Target", "Policy"}
PINNED = {"delays": {"live": pin(NEW), "previous": pin(OLD)}}


def served(endpoints):
    return {kind: [item.inputs["name"] for item in endpoints.of(kind)] for kind in ("Model", "Endpoint")}


def test_a_stage_without_a_pin_has_everything_but_the_serving_trio():
    declared = declare(stage())
    kinds = {item.type.rpartition(":")[2] for item in declared.resources}
    assert kinds & SERVING == set()
    assert {"Repository", "Bucket", "Key", "Role", "Topic", "LogGroup", "MetricAlarm"} <= kinds


def test_a_stage_without_an_endpoint_still_has_somewhere_for_the_first_image_to_go():
    declared = declare(stage(endpoints={}))
    assert {item.type.rpartition(":")[2] for item in declared.resources} >= {"Repository", "Bucket", "Role"}
    assert declared.of("MetricAlarm") == []


def test_live_and_previous_are_both_declared_and_live_serves():
    declared = declare(stage(PINNED))
    assert [m.inputs["name"] for m in declared.of("Model")] == [f"delays-dev-{NEW}", f"delays-dev-{OLD}"]
    configs = {
        c.inputs["name"]: c.inputs["productionVariants"][0] for c in declared.of("EndpointConfiguration")
    }
    assert len(configs) == 2
    serves = configs[declared.one("Endpoint").inputs["endpointConfigName"]]
    assert serves["modelName"] == f"delays-dev-{NEW}"
    assert (serves["variantName"], serves["initialInstanceCount"], serves["initialVariantWeight"]) == (
        "live",
        2,
        1,
    )


def test_a_candidate_has_model_and_config_and_does_not_serve():
    declared = declare(stage({"delays": {**PINNED["delays"], "candidate": pin(NEXT)}}))
    assert f"delays-dev-{NEXT}" in [model.inputs["name"] for model in declared.of("Model")]
    before = declare(stage(PINNED)).one("Endpoint").inputs
    assert declared.one("Endpoint").inputs == before


def test_a_new_release_leaves_the_resources_of_the_old_one_as_they_are():
    """Otherwise Pulumi would replace the config that still serves."""
    before = declare(stage({"delays": {"live": pin(OLD)}}))
    after = declare(stage(PINNED))
    old = {(item.name, str(item.inputs)) for item in before.resources if OLD in str(item.inputs)}
    kept = {(item.name, str(item.inputs)) for item in after.resources}
    assert old - {(before.one("Endpoint").name, str(before.one("Endpoint").inputs))} <= kept


def test_a_model_runs_the_pinned_image_and_artifact_without_a_network():
    model = declare(stage({"delays": {"live": pin(NEW)}})).one("Model").inputs
    assert model["primaryContainer"] == {"image": pin(NEW)["image"], "modelDataUrl": pin(NEW)["model"]}
    assert model["enableNetworkIsolation"] is True


@pytest.mark.parametrize(
    ("rollout", "routing"),
    [
        ({"strategy": "all-at-once"}, {"type": "ALL_AT_ONCE", "waitIntervalInSeconds": 0}),
        (
            {"strategy": "canary", "step_percent": 10, "wait_seconds": 60},
            {
                "type": "CANARY",
                "canarySize": {"type": "CAPACITY_PERCENT", "value": 10},
                "waitIntervalInSeconds": 60,
            },
        ),
        (
            {"strategy": "linear", "step_percent": 25, "wait_seconds": 30},
            {
                "type": "LINEAR",
                "linearStepSize": {"type": "CAPACITY_PERCENT", "value": 25},
                "waitIntervalInSeconds": 30,
            },
        ),
    ],
)
def test_traffic_moves_as_the_stage_says_under_alarms_that_exist(rollout, routing):
    declared = declare(stage({"delays": {"live": pin(NEW), "rollout": rollout}}))
    deployment = declared.one("Endpoint").inputs["deploymentConfig"]
    assert deployment["blueGreenUpdatePolicy"]["trafficRoutingConfiguration"] == routing
    watched = [alarm["alarmName"] for alarm in deployment["autoRollbackConfiguration"]["alarms"]]
    assert watched == ["delays-dev-errors", "delays-dev-latency"]
    assert set(watched) <= {alarm.inputs["name"] for alarm in declared.of("MetricAlarm")}


def test_autoscaling_moves_the_live_variant_within_the_bounds():
    endpoint = {"live": pin(NEW), "instances": {"min": 2, "max": 8, "invocations_per_instance": 700}}
    declared = declare(stage({"delays": endpoint}))
    target, policy = declared.one("Target").inputs, declared.one("Policy").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 8)
    assert target["resourceId"] == policy["resourceId"] == f"endpoint/delays-dev/variant/{names.VARIANT}"
    tracking = policy["targetTrackingScalingPolicyConfiguration"]
    assert tracking["targetValue"] == 700
    metric = tracking["predefinedMetricSpecification"]["predefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_two_endpoints_share_the_foundation_and_nothing_else():
    declared = declare(stage({"delays": {"live": pin(NEW)}, "fares": {"live": pin(OLD)}}))
    assert sorted(item.inputs["name"] for item in declared.of("Endpoint")) == ["delays-dev", "fares-dev"]
    assert len(declared.of("Bucket")) == len(declared.of("Repository")) == len(declared.of("Role")) == 1


def test_the_same_data_declares_the_same_twice_and_looks_nothing_up():
    first, second = declare(stage(PINNED)), declare(stage(PINNED))
    assert {(r.type, r.name, str(r.inputs)) for r in first.resources} == {
        (r.type, r.name, str(r.inputs)) for r in second.resources
    }
    assert first.lookups == second.lookups == []


def test_no_two_resources_share_a_type_and_name():
    declared = declare(stage({"delays": PINNED["delays"], "fares": PINNED["delays"]}))
    assert len(declared.aws()) == len([r for r in declared.resources if r.type.startswith("aws:")])


def test_stages_differ_by_their_data_only():
    dev, prod = declare(stage(PINNED)), declare(stage(PINNED, name="prod"))
    assert [item.type for item in sorted(dev.resources, key=lambda r: (r.type, r.name))] == [
        item.type for item in sorted(prod.resources, key=lambda r: (r.type, r.name))
    ]


def test_names_fit_sagemaker_even_for_the_longest_endpoint_and_stage():
    longest = {"a" * 30: {"live": pin(NEW), "previous": pin(OLD)}}
    declared = declare(stage(longest, name="abcdefghijkl"))
    for kind in ("Model", "EndpointConfiguration", "Endpoint"):
        for item in declared.of(kind):
            assert len(item.inputs["name"]) <= names.SAGEMAKER_NAME_LIMIT
