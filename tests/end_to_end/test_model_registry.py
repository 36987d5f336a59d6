"""`models:/NAME@champion` is what prod serves, in MLflow: promoted, taken back, rolled back."""

from typing import Any

import pytest

from model.training.tracking.mlflow_store import SHA_TAG
from tests.end_to_end.world import SKIP

pytestmark = pytest.mark.sandbox

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
