"""`./slipway train --on sagemaker` with the real training image: the bytes of a training on this machine."""

import json
import os
from pathlib import Path

import pytest

from model import artifact
from tests.conftest import ROOT
from tests.end_to_end.world import World, first_lines, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

TOYS = ("--service", "toys", "--champion", "none")
SAGEMAKER = ("--on", "sagemaker")
MADE = ("model.tar.gz", "golden.json", "data.parquet")


@pytest.fixture(scope="module")
def local(world) -> Path:
    """What a training on this machine left, of a service of the project's own."""
    world.set("dev", training={})
    world.slipway("new-model", "toys")
    world.slipway("train", *TOYS, "--out", "local")
    return world.project / "local"


def differing(one: Path, other: Path) -> list[str]:
    return [name for name in MADE if (one / name).read_bytes() != (other / name).read_bytes()]


def told(folder: Path) -> object:
    """The evidence, but for what a clock measured and where the run is recorded."""
    found = json.loads((folder / "evidence.json").read_text())
    found["source"] |= {"mlflow_run": None, "mlflow_model_version": None}
    found["gates"] = [gate for gate in found["gates"] if gate["name"] != "latency"]
    return found


def test_a_job_makes_the_model_of_a_training_here_and_its_run_is_recorded(world, local):
    done = world.slipway("train", *TOYS, *SAGEMAKER, "--out", "remote")
    remote = world.project / "remote"
    assert differing(remote, local) == []
    assert told(remote) == told(local)
    runs = world.slipway("track", "--service", "toys").result["runs"]
    assert {run["sha256"] for run in runs} == {done.result["model"]["sha256"]}
    assert len(runs) == 2
    world.assert_no_changes("dev")


def test_champion_and_further_models_go_as_channels(world, local):
    besides = ("--champion", "local/model.tar.gz", "--with", "old/1=local/model.tar.gz")
    alike = [*TOYS[:-2], *besides]
    world.slipway("train", *alike, "--out", "both-here")
    world.slipway("train", *alike, *SAGEMAKER, "--out", "both-there")
    assert differing(world.project / "both-here", world.project / "both-there") == []
    evidence = told(world.project / "both-there")
    assert evidence == told(world.project / "both-here")
    assert "champion" in json.dumps(evidence)


@pytest.mark.parametrize("word", ["Fitting", "Evaluating"])
def test_the_flights_too_on_a_spot_instance_that_is_taken_while_they_are_learned(world, local, trained, word):
    flights = ("--service", str(ROOT / "model/service"), "--model", "boosting", "--champion", "none")
    process = world.start("train", *flights, *SAGEMAKER, "--spot", "--again", "--out", word, "--json")
    [name] = [line.split()[4] for line in first_lines(process, "was started") if "was started" in line]
    wait_until(lambda: any(word in line for line in log(world, name)), word)
    world.sandbox.faults("interrupt_training", job=name)
    world.ended(process)
    assert differing(world.project / word, trained["boosting"]) == []
    described = world.client("sagemaker").describe_training_job(TrainingJobName=name)
    assert "Interrupted" in [one["Status"] for one in described["SecondaryStatusTransitions"]]
    release = world.slipway("release", "--model", os.fspath(world.project / word)).result["release"]
    world.assert_at_rest("dev", release)


def log(world: World, job: str) -> list[str]:
    logs = world.client("logs")
    try:
        found = logs.filter_log_events(
            logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{job}/"
        )
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in found["events"]]


def test_a_search_side_by_side_brings_back_a_model_that_train_makes_too(world, local):
    limits = ("--trials", "3", "--seed", "1", *SAGEMAKER, "--parallel", "2")
    world.slipway("tune", *TOYS, *limits, "--out", "searched")
    files = artifact.read((world.project / "searched" / "model.tar.gz").read_bytes())
    set_ = [
        f"--set={name}={value}" for name, value in json.loads(files[artifact.ABOUT])["parameters"].items()
    ]
    assert set_
    world.slipway("train", *TOYS, *set_, "--out", "by-hand")
    assert differing(world.project / "searched", world.project / "by-hand") == []


def test_a_job_that_fails_or_takes_too_long_leaves_what_was_there(world, local):
    before = (local / "evidence.json").read_bytes()
    world.client("iam").delete_role_policy(RoleName="slipway-dev-us-east-1-training", PolicyName="training")
    try:
        refused = world.slipway("train", *TOYS, *SAGEMAKER, "--again", "--out", "local", expected=None)
        assert refused.code in {1, 4}
        assert "training" in refused.result["error"]
    finally:
        world.up("dev", "--refresh")
    assert (local / "evidence.json").read_bytes() == before
