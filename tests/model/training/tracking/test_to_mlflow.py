"""What MLflow has of a run, and what it refuses: with its own client, store and server."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model.training.errors import TrackerError
from model.training.tracking.mlflow_store import RUN_TAG, SHA_TAG
from model.training.tracking.recorded import recorded
from model.training.tracking.run import Sent
from model.training.tracking.to_mlflow import ALIAS, MLflow
from model.training.tracking.trackers import NotTakenError

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]

SERVER = """
import sys
from flask import request
from mlflow.server import app
from mlflow.server.handlers import initialize_backend_stores
from werkzeug.serving import make_server

initialize_backend_stores(sys.argv[1], sys.argv[1], sys.argv[2])

@app.before_request
def refuse():
    if any(part in request.path for part in sys.argv[4:]):
        return "<!doctype html><title>" + sys.argv[3] + "</title>" + "x" * 10_000, int(sys.argv[3])

server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""
"""MLflow's own server, which answers paths that hold one of some words with an HTTP status and a page."""

Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path) -> Generator[Serve]:
    """Starts a server that refuses the paths with one of these words; its address."""
    started: list[subprocess.Popen[str]] = []

    def start(status: int, *words: str) -> str:
        database, files = f"sqlite:///{tmp_path}/server.db", (tmp_path / "files").as_uri()
        command = [sys.executable, "-c", SERVER, database, files, str(status), *words]
        environment = os.environ | {
            "_MLFLOW_SERVER_FILE_STORE": database,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": files,
        }
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        started.append(process)
        assert process.stdout is not None
        port = next(line.strip() for line in process.stdout if line.strip().isdigit())
        return f"http://someone:secret@127.0.0.1:{port}"

    yield start
    for process in started:
        process.kill()
        process.wait()


def client(uri: str) -> Any:
    from mlflow import MlflowClient  # a second of importing

    return MlflowClient(uri)


def mlflow_model(uri: str, address: str) -> Any:
    """A registered model, as people load it."""
    import mlflow.pyfunc

    mlflow.set_tracking_uri(uri)
    loaded = mlflow.pyfunc.load_model(address)
    assert "skops" in loaded.metadata.flavors["sklearn"]["serialization_format"]
    return loaded


def test_the_run_has_its_measures_data_files_and_a_version_that_knows_its_signature(run, tmp_path) -> None:
    sent = MLflow(None, tmp_path).send(run)
    store = client(f"sqlite:///{tmp_path}/mlflow.db")
    kept = store.get_run(sent.run)
    assert kept.data.metrics == run.metrics
    assert kept.data.params == {name: str(value) for name, value in run.parameters.items()}
    assert (kept.data.tags[RUN_TAG], kept.data.tags[SHA_TAG]) == (run.id, run.sha256)
    [used] = kept.inputs.dataset_inputs
    assert f"{used.dataset.name}-{used.dataset.digest}" == run.data_version
    assert {item.path for item in store.list_artifacts(sent.run)} == set(run.files)
    version = store.get_model_version_by_alias(run.service, ALIAS)
    assert (str(version.version), version.tags[SHA_TAG]) == (sent.version, run.sha256)
    loaded = mlflow_model(f"sqlite:///{tmp_path}/mlflow.db", f"models:/{run.service}@{ALIAS}")
    assert loaded.metadata.get_input_schema().input_names() == ["place", "size"]
    assert loaded.predict(loaded.input_example).shape == (1,)


def test_a_model_that_failed_its_gates_gets_no_alias(run, tmp_path) -> None:
    MLflow(None, tmp_path).send(replace(run, passed=False))
    found = client(f"sqlite:///{tmp_path}/mlflow.db").get_registered_model(run.service)
    assert found.aliases == {}


def test_what_is_sent_twice_is_there_once(run, tmp_path) -> None:
    tracker = MLflow(None, tmp_path)
    assert tracker.send(run) == tracker.send(run)
    [only] = recorded(tracker, run.service, 10)
    assert (only.id, only.version, only.aliases, only.sha256) == (run.id, "1", (ALIAS,), run.sha256)


def test_what_waited_for_long_does_not_become_the_candidate_after_what_came_later(run, tmp_path) -> None:
    tracker = MLflow(None, tmp_path)
    later = tracker.send(replace(run, id=f"{run.id}-later"))
    tracker.send(run)
    store = client(f"sqlite:///{tmp_path}/mlflow.db")
    assert str(store.get_model_version_by_alias(run.service, ALIAS).version) == later.version


def test_a_list_of_a_project_without_records_makes_none(run, tmp_path) -> None:
    assert recorded(MLflow(None, tmp_path / "build"), run.service, 10) == []
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("password", ["secret", "s@cr/et"])
def test_a_server_that_is_down_is_told_without_its_password(run, tmp_path, password) -> None:
    tracker = MLflow(f"http://someone:{password}@127.0.0.1:9", tmp_path)
    with pytest.raises(TrackerError) as no:
        recorded(tracker, run.service, 10)
    assert password not in str(no.value)
    assert tracker.where == "http://127.0.0.1:9"


def test_a_deleted_experiment_is_told_with_how_to_bring_it_back(run, tmp_path) -> None:
    tracker = MLflow(None, tmp_path)
    tracker.send(run)
    store = client(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = store.get_experiment_by_name(run.service).experiment_id
    store.delete_experiment(experiment)
    with pytest.raises(NotTakenError, match=f"mlflow experiments restore --experiment-id {experiment}") as no:
        tracker.send(replace(run, id="second"))
    assert no.value.part == ""

    store.restore_experiment(experiment)
    assert tracker.send(replace(run, id="second")).version == "2"


def test_an_older_server_keeps_the_run_and_gets_its_model_later(run, tmp_path, serve: Serve) -> None:
    """Servers before 3.0 know no logged models: their paths are not found."""
    older, newer = serve(404, "logged-models"), serve(404, "nothing")
    with pytest.raises(NotTakenError) as no:
        MLflow(older, tmp_path).send(run)
    assert "but not its model" in no.value.part
    assert "secret" not in str(no.value) + MLflow(older, tmp_path).where
    assert len(str(no.value)) < 600
    [kept] = recorded(MLflow(older, tmp_path), run.service, 10)
    assert (kept.metrics, kept.version) == (run.metrics, "")

    assert MLflow(newer, tmp_path).send(run) == Sent(kept.run, "1")


@pytest.mark.parametrize(("status", "words"), [(403, ["experiments"]), (501, ["registered-models"])])
def test_whatever_a_server_refuses_is_said(run, tmp_path, serve, status, words) -> None:
    with pytest.raises(NotTakenError, match=str(status)):
        MLflow(serve(status, *words), tmp_path).send(run)


def test_a_server_that_cannot_be_reached_is_said_soon(run, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(NotTakenError, match="Connection refused") as no:
        MLflow("http://someone:secret@127.0.0.1:9", tmp_path).send(run)
    assert "secret" not in str(no.value)
    assert time.monotonic() - started < 60
