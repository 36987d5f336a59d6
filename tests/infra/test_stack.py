"""Which resources a stage's data asks for."""

import pytest

from infra.components.serving import MOVED_BY_ROLLOUTS, Serving, ServingArgs
from infra.stack import compose
from release.domain import names
from release.domain.deployment import alarm_names
from release.domain.guardrails import ALARM_PERIOD_SECONDS, ALARM_PERIODS
from release.domain.pins import Pins, ReleasePin, RolloutSettings
from release.domain.plan import Split, config_plan, endpoint_plan, model_plan
from release.rollout.strategies import STRATEGIES
from release.rollout.strategies.step import Context
from tests.infra.declared import NEW, NEXT, OLD, declare, declare_anew, pin, record, stage

SERVING = {"Model", "EndpointConfiguration", "Endpoint", "Target", "Policy"}
PINNED = {"delays": {"live": pin(NEW), "previous": pin(OLD)}}
TWO = {"min": 2, "max": 2}
NETWORK = {"subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"]}
CAPTURE = {"percent": 5, "to": "s3://kept/delays"}


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
    models = sorted(model.inputs["name"] for model in declared.of("Model"))
    assert models == [f"delays-dev-{OLD}", f"delays-dev-{NEW}"]
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


def test_a_model_has_the_environment_of_its_pin_and_not_of_the_settings():
    """Settings may change at any time; a model that serves never does."""
    told = {"SLIPWAY_ENDPOINT": "delays-dev", "OMP_NUM_THREADS": "2"}
    endpoint = {"live": pin(NEW, environment=told), "previous": pin(OLD), "workers": 8}
    declared = declare(stage({"delays": endpoint}))
    models = [model.inputs for model in declared.of("Model")]
    assert {model["name"]: model["primaryContainer"].get("environment") for model in models} == {
        f"delays-dev-{OLD}": None,
        model_plan("dev", "delays", ReleasePin.model_validate(pin(NEW, environment=told))).name: told,
    }
    (warning,) = declared.warnings
    assert "has another OMP_NUM_THREADS, SAGEMAKER_MODEL_SERVER_WORKERS in its environment" in warning
    assert "./slipway apply dev --endpoint delays" in warning


ALWAYS_THE_SAME = {"name", "tags", "executionRoleArn", "enableNetworkIsolation"}
"""Of a model. Tags are changed in place; the others are one stage's, for ever."""
IN_THE_MODELS_NAME = {"image", "modelDataUrl", "environment"}
IN_THE_CONFIGS_NAME = {
    *("variantName", "modelName", "instanceType", "initialInstanceCount", "initialVariantWeight"),
}


def test_nothing_is_declared_that_is_not_in_the_name():
    """AWS replaces a model or config for any other input, and Pulumi deletes a namesake first.

    What is new here needs its place in `release.domain.plan` before it is declared.
    """
    told = {"environment": {"OMP_NUM_THREADS": "2"}, "vpc": NETWORK, "capture": CAPTURE}
    pinned = {
        "live": pin(NEW, **told),
        "previous": pin(OLD, **told),
        "candidate": pin(NEXT, beside=True, **told),
    }
    declared = declare(stage({"delays": pinned}))
    for model in declared.of("Model"):
        assert set(model.inputs) == {*ALWAYS_THE_SAME, "primaryContainer", "vpcConfig"}
        assert set(model.inputs["vpcConfig"]) == {"subnets", "securityGroupIds"}
        assert set(model.inputs["primaryContainer"]) == IN_THE_MODELS_NAME
    for config in declared.of("EndpointConfiguration"):
        variants = {"productionVariants", "shadowProductionVariants"} & set(config.inputs)
        assert set(config.inputs) == {"name", "tags", "dataCaptureConfig", *variants}
        assert config.inputs["dataCaptureConfig"] == {
            "enableCapture": True,
            "initialSamplingPercentage": 5,
            "destinationS3Uri": "s3://kept/delays",
            "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}],
        }
        for variant in (one for key in variants for one in config.inputs[key]):
            assert set(variant) == IN_THE_CONFIGS_NAME


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pulumi_makes_the_endpoint_and_never_moves_it(strategy):
    """Which config serves, and how it came to, is the rollouts' own (`release/rollout/`)."""
    declared = declare(
        stage({"delays": {**PINNED["delays"], "instances": TWO, "rollout": {"strategy": strategy}}})
    )
    endpoint = declared.one("Endpoint")
    assert "deploymentConfig" not in endpoint.inputs
    assert declared.ignored[endpoint.name] == {"endpointConfigName", "deploymentConfig"}
    assert set(MOVED_BY_ROLLOUTS) == declared.ignored[endpoint.name]
    assert set(declared.ignored) == {endpoint.name}


def alarms(endpoint):
    """By name, those of guarded updates: the others are the objectives' (test_health.py)."""
    declared = (alarm.inputs for alarm in declare(stage({"delays": endpoint})).of("MetricAlarm"))
    return {inputs["name"]: inputs for inputs in declared if inputs["name"].endswith(("-errors", "-latency"))}


def test_a_candidate_has_alarms_of_its_own_fleet_while_it_is_one():
    """They are what a guarded update to it names; of the endpoint's other fleet they see nothing."""
    config = config_plan("dev", "delays", ReleasePin.model_validate(pin(NEXT, type="ml.m7i.large"))).name
    found = alarms({**PINNED["delays"], "candidate": pin(NEXT)})
    own = {name: found.pop(name) for name in alarm_names(config)}
    assert list(found) == list(alarms(PINNED["delays"])) == list(alarm_names("delays-dev"))
    of_endpoint = {"EndpointName": "delays-dev", "VariantName": "live"}
    for inputs, dimensions in (
        *((inputs, of_endpoint) for inputs in found.values()),
        *((inputs, {**of_endpoint, "EndpointConfigName": config}) for inputs in own.values()),
    ):
        seen = [query["metric"]["dimensions"] for query in inputs["metricQueries"] if "metric" in query]
        assert seen == [dimensions] * len(seen)


def test_the_alarms_of_an_update_take_it_back_and_tell_nobody():
    config = config_plan("dev", "delays", ReleasePin.model_validate(pin(NEXT, type="ml.m7i.large"))).name
    found = alarms({**PINNED["delays"], "candidate": pin(NEXT)})
    assert set(found) == {*alarm_names("delays-dev"), *alarm_names(config)}
    assert not any(inputs.get("alarmActions") or inputs.get("okActions") for inputs in found.values())


@pytest.mark.parametrize(
    "endpoint", [{"candidate": pin(NEXT)}, {"live": pin(NEW), "candidate": pin(NEXT, beside=True)}]
)
def test_a_candidate_that_no_guarded_update_moves_to_has_none(endpoint):
    assert set(alarms(endpoint)) == set(alarm_names("delays-dev"))


def test_the_alarms_ring_as_fast_as_the_settings_count_on():
    """Otherwise a watch that the settings accept would end before."""
    for inputs in alarms(PINNED["delays"]).values():
        periods = {query["metric"]["period"] for query in inputs["metricQueries"] if "metric" in query}
        assert periods == {ALARM_PERIOD_SECONDS}
        assert inputs["evaluationPeriods"] == ALARM_PERIODS


def test_before_anything_is_live_the_endpoint_is_made_with_the_candidate():
    declared = declare(stage({"delays": {"candidate": pin(NEXT)}}))
    config = declared.one("EndpointConfiguration").inputs
    assert declared.one("Endpoint").inputs["endpointConfigName"] == config["name"]
    assert config["productionVariants"][0]["modelName"] == f"delays-dev-{NEXT}"
    candidate = ReleasePin.model_validate(pin(NEXT, type="ml.m7i.large"))
    assert config["name"] == config_plan("dev", "delays", candidate).name


def test_another_instance_type_changes_no_fleet_and_says_which_command_does():
    now = declare(stage({"delays": {"live": pin(NEW, type="ml.m7i.large")}}))
    instances = {"type": "ml.c7i.large"}
    asked = declare(stage({"delays": {"live": pin(NEW, type="ml.m7i.large"), "instances": instances}}))
    for kind in ("Model", "EndpointConfiguration", "Endpoint"):
        assert asked.one(kind).inputs == now.one(kind).inputs
    assert now.warnings == []
    (warning,) = asked.warnings
    assert "runs on ml.m7i.large, the data asks for ml.c7i.large" in warning
    assert "./slipway apply dev --endpoint delays" in warning


def test_a_candidate_beside_live_and_in_its_shadow_is_declared_as_planned():
    pins = Pins.model_validate({"live": pin(NEW), "candidate": pin(NEXT)}).on("ml.m7i.large")
    plan = endpoint_plan("dev", "delays", pins, (Split(0), Split(5), Split(20, shadow=True)))
    args = ServingArgs(plan, "arn:role", before_models=[], before_endpoint=[], protect=False, tags={})
    declared = record(lambda: Serving("serving", args), "dev")
    configs = {item.inputs["name"]: item.inputs for item in declared.of("EndpointConfiguration")}
    assert set(configs) == {config.name for config in plan.configs}
    for config in plan.configs:
        for key, variants in (
            ("productionVariants", config.production),
            ("shadowProductionVariants", config.shadow),
        ):
            assert configs[config.name].get(key, []) == [
                {
                    "variantName": variant.name,
                    "modelName": variant.model_name,
                    "instanceType": variant.instance_type,
                    "initialInstanceCount": variant.capacity,
                    "initialVariantWeight": variant.weight,
                }
                for variant in variants
            ]
    assert plan.live is not None
    assert declared.one("Endpoint").inputs["endpointConfigName"] == plan.live.name


@pytest.mark.parametrize("strategy", ["judged", "shadow"])
@pytest.mark.parametrize("now", ["judged", "canary"])
def test_a_candidate_pinned_beside_live_has_every_config_that_its_rollout_moves_to(strategy, now):
    """Whatever the stage's data says of strategies now: that may change in the middle of a rollout."""
    candidate = pin(NEXT, beside=True)
    endpoint = {**PINNED["delays"], "candidate": candidate, "instances": TWO, "rollout": {"strategy": now}}
    declared = declare(stage({"delays": endpoint}))
    configs = {item.inputs["name"]: item.inputs for item in declared.of("EndpointConfiguration")}
    before, coming = (
        Pins.model_validate(p).on("ml.m7i.large") for p in (PINNED["delays"], {"live": pin(NEXT)})
    )
    settings = RolloutSettings(strategy=strategy)
    steps = STRATEGIES[strategy](Context("dev", "delays", before, coming, settings))
    assert {step.config.name for step in steps} <= set(configs)
    assert len(configs) == len({NEW, OLD, NEXT}) + 2
    beside = configs[steps[-2].config.name]
    weights = {v["variantName"]: v["initialVariantWeight"] for v in beside["productionVariants"]}
    assert (weights, beside.get("shadowProductionVariants", [])) == ({"live": 100, "candidate": 0}, [])
    (shadow,) = [config for config in configs.values() if config.get("shadowProductionVariants")]
    assert [v["variantName"] for v in shadow["productionVariants"]] == ["live"]
    assert [v["initialVariantWeight"] for v in shadow["shadowProductionVariants"]] == [100]
    assert declared.one("Endpoint").inputs == declare(stage(PINNED)).one("Endpoint").inputs


def test_a_pulumi_up_in_the_middle_of_a_rollout_leaves_autoscaling_as_it_is_held():
    declared = declare(stage({"delays": {**PINNED["delays"], "candidate": pin(NEXT, beside=True)}}))
    assert "suspendedState" not in declared.one("Target").inputs


def test_autoscaling_moves_the_live_variant_within_the_bounds():
    endpoint = {"live": pin(NEW), "instances": {"min": 2, "max": 8, "invocations_per_instance": 700}}
    declared = declare(stage({"delays": endpoint}))
    target, policy = declared.one("Target").inputs, declared.one("Policy").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 8)
    assert target["resourceId"] == policy["resourceId"] == f"endpoint/delays-dev/variant/{names.LIVE}"
    tracking = policy["targetTrackingScalingPolicyConfiguration"]
    assert tracking["targetValue"] == 700
    metric = tracking["predefinedMetricSpecification"]["predefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_a_count_that_is_fixed_has_bounds_and_no_policy():
    declared = declare(stage({"delays": {"live": pin(NEW), "instances": TWO}}))
    assert [item.inputs["minCapacity"] for item in declared.of("Target")] == [2]
    assert declared.of("Policy") == []


def test_a_burstable_type_is_no_target_at_all():
    instances = {**TWO, "type": "ml.t3.large"}
    declared = declare(stage({"delays": {"live": pin(NEW, type="ml.t3.large"), "instances": instances}}))
    assert declared.of("Target") == declared.of("Policy") == []


def test_two_endpoints_share_the_foundation_and_nothing_else():
    declared = declare(stage({"delays": {"live": pin(NEW)}, "fares": {"live": pin(OLD)}}))
    assert sorted(item.inputs["name"] for item in declared.of("Endpoint")) == ["delays-dev", "fares-dev"]
    assert len(declared.of("Bucket")) == len(declared.of("Repository")) == len(declared.of("Role")) == 1


def test_an_update_of_one_endpoint_declares_what_all_share_and_that_endpoint_alone():
    both = stage({"delays": {"live": pin(NEW)}, "fares": {"live": pin(OLD)}})
    one = record(lambda: compose(both, only="fares"), "dev")
    everything = {(item.type, item.name): item.inputs for item in declare(both).resources}
    alone = {(item.type, item.name): item.inputs for item in one.resources}
    assert [item.inputs["name"] for item in one.of("Endpoint")] == ["fares-dev"]
    assert alone == {key: everything[key] for key in alone}
    left_out = everything.keys() - alone.keys()
    assert left_out
    assert all(name.startswith("delays") for _, name in left_out)


def test_the_same_data_declares_the_same_twice_and_looks_nothing_up():
    first, second = declare_anew(stage(PINNED)), declare_anew(stage(PINNED))
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
