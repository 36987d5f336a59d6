"""MLflow's server with its artifacts in the sandbox's S3, as `make tracking` starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from importlib.metadata import entry_points

import boto3
import pytest

from model.training.tracking.recorded import recorded
from model.training.tracking.to_mlflow import MLflow
from sandbox import testing
from tests.model.training.tracking.conftest import small_run

pytestmark = pytest.mark.sandbox


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Its address; what it says is in tmp_path/log."""
    with testing.start(tmp_path / "home") as sandbox:
        for name, value in sandbox.env.items():
            monkeypatch.setenv(name, value)
        arguments = ["--port", str(free_port()), "--database", str(tmp_path / "server.db")]
        command = [sys.executable, "-m", "scripts.setup.tracking_server", *arguments]
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            yield until_healthy(process, tmp_path / "log")
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until_healthy(process, log) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        told = re.search(r"export MLFLOW_TRACKING_URI=http://(\S+)", log.read_text())
        if told and healthy(told[1]):
            return f"http://{told[1]}"
        time.sleep(0.2)  # between two looks
    raise AssertionError(log.read_text())


def healthy(address: str) -> bool:
    connection = HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@pytest.mark.long
def test_a_run_is_in_its_database_and_its_files_are_in_s3(server, tmp_path):
    run = small_run()
    sent = MLflow(server, tmp_path / "build").send(run)
    [kept] = recorded(MLflow(server, tmp_path / "build"), run.service, 10)
    assert (kept.run, kept.version, kept.sha256) == (sent.run, sent.version, run.sha256)
    listed = boto3.client("s3").list_objects_v2(Bucket="slipway-tracking")["Contents"]
    keys = {entry["Key"].rpartition("/")[2] for entry in listed}
    assert keys >= {*run.files, "MLmodel", "model.skops"}
    assert not (tmp_path / "build" / "mlflow.db").exists()


def test_an_arn_of_sagemakers_managed_mlflow_is_a_tracking_uri_too():
    """The package that understands it is among the requirements; it is not tried on AWS."""
    for group in ("mlflow.tracking_store", "mlflow.model_registry_store", "mlflow.request_header_provider"):
        found = [entry.value for entry in entry_points(group=group)]
        assert any(value.startswith("sagemaker_mlflow.") for value in found), group
