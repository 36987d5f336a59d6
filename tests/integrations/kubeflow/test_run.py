"""The pipeline, run by Kubeflow's local runner on the sandbox: from the flights' data to a release that
staging serves, by two runs of one project: the registry was away in the first one for longer than its tries.
"""

import hashlib
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.end_to_end.world import World
from tests.integrations.clone import on_remote, worker
from tests.integrations.kubeflow.kubeflow import Ran, needed, ran
from tests.integrations.running import Running, pinned, running

pytestmark = [pytest.mark.sandbox, pytest.mark.long, needed]

TAKEN = "The same was trained before"
STAGES = {"release": "dev", "promote": "staging"}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Generator[World]:
    """A sandbox, and a clone as a claim holds one."""
    with worker(tmp_path_factory.mktemp("kubeflow")) as made:
        yield made


@pytest.fixture(scope="module")
def failed(world, tmp_path_factory) -> Ran:
    """A run that trained, and whose release found no registry however often it was tried."""
    world.sandbox.faults("registry_outage")
    found = ran(world.project, tmp_path_factory.mktemp("failed"), world.sandbox.env)
    world.sandbox.clear_faults()
    return found


@pytest.fixture(scope="module")
def done(world, failed, tmp_path_factory) -> Ran:
    """The next run."""
    found = ran(world.project, tmp_path_factory.mktemp("done"), world.sandbox.env)
    assert found.code == 0, found.said
    return found


def test_a_component_that_failed_ends_its_run_and_nothing_comes_after(world, failed):
    assert failed.code == 1, failed.said
    assert failed.made.keys() == {"ingest", "validate", "train", "gate"}
    assert "ended with 4. What was done is recorded" in failed.said
    assert "Tries left: 1" in failed.said
    assert TAKEN not in failed.said


def test_the_next_run_goes_on_with_what_was_trained_and_both_stages_serve_it(world, failed, done):
    assert TAKEN in done.said
    assert done.metadata("train", "model") == failed.metadata("train", "model")
    for task, stage in STAGES.items():
        release = done.metadata(task, "live")["release"]
        world.assert_at_rest(stage, release)
        assert f"release: {release}" in on_remote(world.project, stage).replace('"', "")
    assert done.made["push"] == {}


def test_every_artifact_has_its_type(done):
    types = {task: {name: one["type"] for name, one in made.items()} for task, made in done.made.items()}
    assert types == {
        "ingest": {"data": "system.Dataset"},
        "validate": {"found": "system.Metrics"},
        "train": {"model": "system.Model", "found": "system.Metrics"},
        "gate": {"results": "system.Metrics"},
        "release": {"live": "system.Model"},
        "promote": {"live": "system.Model"},
        "push": {},
    }


def test_the_dataset_is_the_data_version_of_the_release(world, done):
    data = done.metadata("ingest", "data")
    assert sha256(done.made["ingest"]["data"]["uri"]) == data["sha256"]
    assert data["version"].endswith(data["sha256"][:12])
    assert done.metadata("validate", "found")["data_version"] == data["version"]
    assert done.metadata("train", "model")["data_sha256"] == data["sha256"]
    source = world.ports("dev").artifacts.manifest(done.metadata("release", "live")["release"]).source
    assert (source["data_version"], source["data_sha256"]) == (data["version"], data["sha256"])


def test_the_models_are_what_was_trained_is_pinned_and_runs(world, done):
    trained = done.metadata("train", "model")["sha256"]
    assert sha256(done.made["train"]["model"]["uri"]) == trained
    for task, stage in STAGES.items():
        live, pin = done.made[task]["live"], world.endpoint(stage).live
        assert live["uri"] == pin.model
        assert live["metadata"] == {"release": pin.release, "image": pin.image, "sha256": pin.sha256}
        digest = pin.image.partition("@")[2]
        assert running(world, stage) == pinned(world, stage) == Running(digest, trained)
    assert done.metadata("gate", "results")["release"] == done.metadata("promote", "live")["release"]


def test_metrics_are_those_of_the_release(world, done):
    manifest = world.ports("dev").artifacts.manifest(done.metadata("release", "live")["release"])
    measured, gates = done.metadata("train", "found"), done.metadata("gate", "results")
    assert 0.5 < measured["test_auc"] == manifest.evaluation["test_auc"] < 1
    assert gates["auc.passed"] is True
    assert gates["auc.value"] == measured["test_auc"] > gates["auc.bound"]
    assert done.metadata("validate", "found")["train.rows"] > 100_000


def sha256(file: str) -> str:
    """Of a file's bytes."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
