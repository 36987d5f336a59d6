"""What MLflow refuses costs the record, not the training: with its own client, store and server."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from model.training.errors import TrackingError
from model.training.tracking import Run, record

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]

SERVICE = "toys"
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


def run() -> Run:
    pipeline = Pipeline([("fit", LogisticRegression())]).fit([[0.0], [1.0]], [0, 1])
    return Run(
        service=SERVICE,
        parameters={"months": "1-6"},
        metrics={"auc": 0.7},
        tags={"gates": "passed"},
        pipeline=pipeline,
        trusted=(),
        files={"a.txt": b"1"},
        passed=True,
    )


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


def test_a_deleted_experiment_is_a_warning_that_says_how_to_bring_it_back(tmp_path: Path) -> None:
    first = record(run(), None, tmp_path)
    assert (first.model_version, first.warning) == ("1", "")
    store = client(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = store.get_experiment_by_name(SERVICE).experiment_id
    store.delete_experiment(experiment)

    second = record(run(), None, tmp_path)
    assert (second.run_id, second.model_version) == ("", "")
    assert "recorded nothing of the run" in second.warning
    assert f"mlflow experiments restore --experiment-id {experiment}" in second.warning

    store.restore_experiment(experiment)
    assert record(run(), None, tmp_path).model_version == "2"


def test_an_older_server_keeps_the_run_without_its_model(tmp_path: Path, serve: Serve) -> None:
    """Servers before 3.0 know no logged models: their paths are not found."""
    uri = serve(404, "logged-models")
    tracked = record(run(), uri, tmp_path)
    assert tracked.run_id
    assert tracked.model_version == ""
    assert f"recorded run {tracked.run_id}, but not its model" in tracked.warning
    assert "secret" not in tracked.warning
    assert len(tracked.warning) < 600
    assert client(uri).get_run(tracked.run_id).data.metrics == {"auc": 0.7}


@pytest.mark.parametrize(("status", "words"), [(403, ["experiments"]), (501, ["registered-models"])])
def test_whatever_a_server_refuses_is_a_warning(
    tmp_path: Path, serve: Serve, status: int, words: list[str]
) -> None:
    tracked = record(run(), serve(status, *words), tmp_path)
    assert str(status) in tracked.warning
    assert tracked.model_version == ""


def test_a_server_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(TrackingError, match="did not record the run"):
        record(run(), "http://someone:secret@127.0.0.1:9", tmp_path)
    assert time.monotonic() - started < 60
