"""What an export writes for Terraform: the values of its module, by the stage's settings."""

import json

import pytest

from integrations.terraform.export import files
from release.domain.errors import UsageError
from tests.integrations.stages import endpoint_of, exported, pin_of


def values(*endpoints):
    """What the root modules of prod read."""
    return json.loads(files(exported(*endpoints))["stage.json"])


def endpoint(*endpoints):
    return values(*endpoints)["endpoints"]["delays"]


def test_a_stage_has_root_modules_and_so_states_of_its_own():
    assert files(exported()).keys() == {"main.tf", "adopt/main.tf", "stage.json"}
    assert values()["stage"] == "prod"


def test_an_endpoint_serves_the_config_of_live_and_keeps_that_of_previous():
    found = endpoint(endpoint_of(1, 2))
    [live] = [model for model in found["models"].values() if model["image"] == pin_of(1).image]
    assert live["model_data_url"] == pin_of(1).model
    assert live["environment"] == pin_of(1).environment
    assert len(found["models"]) == len(found["configs"]) == 2
    [variant] = found["configs"][found["serves"]]["variants"]
    assert found["models"][variant["model"]] == live
    assert (variant["name"], variant["instance_type"], variant["instances"]) == ("live", "ml.m7i.large", 2)


def test_a_fenced_way_back_stays_declared_while_the_stage_names_it():
    assert len(endpoint(endpoint_of(1, 2, fenced=True))["models"]) == 2


def test_a_release_that_is_live_and_previous_is_declared_once():
    found = endpoint(endpoint_of(1, 1))
    assert len(found["models"]) == len(found["configs"]) == 1


@pytest.mark.parametrize(
    ("strategy", "capacity", "routing"),
    [
        ("all-at-once", 2, "ALL_AT_ONCE"),
        ("canary", 2, "CANARY"),
        ("linear", 2, "LINEAR"),
        ("judged", 2, "CANARY"),
        ("shadow", 2, "CANARY"),
        ("judged", 1, "ALL_AT_ONCE"),
    ],
)
def test_traffic_moves_under_guardrails_in_every_strategy(strategy, capacity, routing):
    found = endpoint(endpoint_of(capacity=capacity, rollout={"strategy": strategy}))
    deployment = found["deployment"]
    assert deployment["routing"] == routing
    assert (deployment["step_percent"] is None) == (routing == "ALL_AT_ONCE")
    assert deployment["alarms"] == [f"{found['serves']}-errors", f"{found['serves']}-latency"]
    for alarm in deployment["alarms"]:
        assert found["alarms"][alarm]["dimensions"]["EndpointConfigName"] == found["serves"]


@pytest.mark.parametrize(
    ("capacity", "rollout", "keys"),
    [
        (2, {"strategy": "judged", "wait_seconds": 60}, ["wait_seconds is 60"]),
        (2, {"strategy": "linear", "step_percent": 5}, ["step_percent is 5"]),
        (
            2,
            {"strategy": "judged", "timeout_seconds": 600, "wait_seconds": 3600, "termination_seconds": 3600},
            ["timeout_seconds is 600, and the waits alone take 10800 s"],
        ),
        (
            2,
            {"strategy": "shadow", "wait_seconds": 0, "termination_seconds": 0},
            ["wait_seconds is 0", "termination_seconds is 0"],
        ),
        (1, {"strategy": "judged", "termination_seconds": 0}, ["termination_seconds is 0, and nothing"]),
        (1, {"strategy": "shadow", "termination_seconds": 60}, ["termination_seconds is 60"]),
    ],
)
def test_an_update_that_no_alarm_could_take_back_or_that_never_ends_is_refused(capacity, rollout, keys):
    with pytest.raises(UsageError) as refused:
        endpoint(endpoint_of(capacity=capacity, rollout=rollout))
    for key in keys:
        assert f"slipway:endpoints.delays.rollout.{key}" in refused.value.cause


def test_who_chose_all_at_once_may_choose_no_watch():
    found = endpoint(endpoint_of(rollout={"strategy": "all-at-once", "termination_seconds": 0}))
    assert found["deployment"]["termination_seconds"] == 0


def test_a_fleet_of_one_needs_the_settings_of_its_own_update_alone():
    rollout = {"strategy": "judged", "wait_seconds": 0}
    assert endpoint(endpoint_of(capacity=1, rollout=rollout))["deployment"]["routing"] == "ALL_AT_ONCE"


def test_the_alarms_have_the_stages_bounds():
    found = endpoint(endpoint_of(alarms={"errors_percent": 2, "latency_ms": 250}))
    assert found["alarms"][f"{found['serves']}-errors"]["bound"] == 2
    assert found["alarms"][f"{found['serves']}-latency"]["bound"] == 250_000


def test_network_and_capture_are_the_pins():
    place = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
    capture = {"percent": 50, "to": "s3://captured/prod"}
    found = endpoint(endpoint_of(vpc=place, capture=capture))
    assert {json.dumps(model["vpc"], sort_keys=True) for model in found["models"].values()} == {
        json.dumps(place, sort_keys=True)
    }
    kept = found["configs"][found["serves"]]["capture"]
    assert (kept["percent"], kept["to"]) == (50, "s3://captured/prod")
