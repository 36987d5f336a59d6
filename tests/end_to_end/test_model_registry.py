"""What a retrain is measured beside, and `models:/NAME@champion` of MLflow, which is what prod serves."""

from typing import Any

import pytest

from model.training.tracking.mlflow_store import SHA_TAG
from release.domain import names
from tests.end_to_end.world import SKIP

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

PROMOTE = ("promote", "dev", "prod", *SKIP)


def registry(world) -> Any:
    """The project's own registry, with a version of each model that training would have recorded."""
    from mlflow import MlflowClient  # a second of importing

    (world.project / ".build").mkdir(exist_ok=True)
    return MlflowClient(f"sqlite:///{world.project}/.build/mlflow.db")


def served(world) -> str:
    """The bytes that prod's pin names, which `assert_at_rest` has compared with what serves."""
    live = world.endpoint("prod").live
    assert live is not None
    return live.sha256


def test_a_retrain_that_is_worse_than_what_is_live_is_refused_with_its_numbers(world, fresh):
    world.set("dev", retrain={"cooldown_days": 0})
    live = world.endpoint("dev").live.release
    order = ("retrain", "dev", "--months", "7-10", "--trackers", "none", "--because", "October is complete")
    found = world.slipway(*order, expected=1).result
    assert (found["outcome"], found["release"], found["champion"]) == ("worse", None, live)
    [champion] = [gate for gate in found["gates"] if gate["name"] == "champion"]
    assert not champion["passed"]
    assert champion["value"] < -0.03 < champion["bound"]
    assert "over the champion, with a standard error of 0.00" in champion["reason"]
    world.assert_at_rest("dev", serves=live)
    [line] = world.slipway("history", "dev", "--last", "1").result["rollouts"]
    assert (line["kind"], line["end"], line["release"]) == ("retrain", "worse", live)
    assert "a person: October is complete; logistic on months 7-10 of 2013" in line["noted"][0]


def test_a_retrain_that_is_no_worse_is_live_in_dev_and_proposed_for_the_next_stage(world, fresh):
    live = world.endpoint("dev").live.release
    # As much of staging as a proposal has to find there.
    world.client("s3").create_bucket(Bucket=world.ports("staging").artifacts.bucket)
    world.client("ecr").create_repository(repositoryName=names.repository("staging"))
    found = world.slipway("retrain", "dev", "--months", "3-6", "--trackers", "none").result
    assert (found["outcome"], found["at"]) == ("proposed", "dev")
    assert found["release"] == world.endpoint("dev").live.release != live
    world.assert_at_rest("dev", serves=found["release"])
    assert (found["proposal"]["stage"], found["proposal"]["release"]) == ("staging", found["release"])
    assert "retrained on months 3-6 of 2013, asked for by a person" in found["proposal"]["body"]
    assert world.endpoint("staging").live is None, "it is proposed, and no more"


def test_the_champion_is_what_the_last_stage_serves(world, fresh):
    client, bytes_of = registry(world), {}
    client.create_registered_model("delays")
    for _ in range(2):
        release = fresh()
        sha256 = world.endpoint("dev").live.sha256
        client.create_model_version("delays", "file:///nowhere", tags={SHA_TAG: sha256})
        world.slipway(*PROMOTE)
        bytes_of[release] = sha256

    def champion():
        return client.get_model_version_by_alias("delays", "champion")

    previous, live = bytes_of
    world.assert_at_rest("prod", serves=live)
    assert champion().tags[SHA_TAG] == served(world) == bytes_of[live]
    assert champion().tags["slipway.release"] == live
    assert champion().tags["slipway.image"] == world.endpoint("prod").live.digest
    assert champion().tags["slipway.rollout.prod"] in {each.subject.rollout for each in world.entries("prod")}
    archived = client.get_model_version_by_alias("delays", "archived")
    assert archived.tags["slipway.release"] == previous

    fresh(wrong=True)
    world.slipway(*PROMOTE, expected=1)
    world.assert_at_rest("prod", serves=live)
    assert champion().tags[SHA_TAG] == served(world) == bytes_of[live]

    world.slipway("rollback", "prod")
    world.assert_at_rest("prod", serves=previous)
    assert champion().tags[SHA_TAG] == served(world) == bytes_of[previous]
    assert client.get_model_version_by_alias("delays", "archived").tags[SHA_TAG] == bytes_of[live]


def test_training_compares_with_what_the_last_stage_serves_unless_it_is_told_not_to(world, fresh, tmp_path):
    live = world.endpoint("prod").live
    assert live is not None
    arguments = ("train", "--model", "logistic", "--trackers", "none", "--out", str(tmp_path))
    compared = world.slipway(*arguments).result
    assert compared["source"]["champion_sha256"] == live.sha256
    assert "champion" in {gate["name"] for gate in compared["gates"]}
    alone = world.slipway(*arguments, "--champion", "none").result
    assert alone["source"]["champion_sha256"] is None

    gone = {**world.env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    refused = world.slipway(*arguments, expected=2, env=gone)
    assert "could not be fetched to compare with" in refused.result["error"]
    assert refused.result["more"][-1].endswith("--champion none")


def test_a_registry_that_is_down_costs_no_promotion(world, fresh):
    release = fresh()
    down = {**world.env, "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    done = world.slipway(*PROMOTE, env=down)
    assert done.result["release"] == release
    assert "the model registry does not say what prod serves" in done.stderr
    assert "./slipway apply prod" in done.stderr
