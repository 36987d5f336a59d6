"""Clients whose own pins do not fit beside ours: KServe's and MLServer's, each in its own environment."""

import json
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.model.serving.examples import ROW, UNSEEN, expected
from tests.model.serving.open_inference.environments import CLIENTS, python_of
from tests.model.serving.running import Server, serving

pytestmark = pytest.mark.sandbox
ROWS = [ROW | {"size": 3.0}, UNSEEN | {"weight": 0.0}]


@pytest.fixture(scope="module")
def server(several: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with serving(several, tmp_path_factory.mktemp("server")) as running:
        yield running.wait_ready()


def _run(client: str, script: str, *arguments: str) -> str:
    command = [python_of(client), CLIENTS / script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def test_kserves_client(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}"
    found = json.loads(_run("kserve", "kserve_client.py", url, "toys", json.dumps(ROWS)).splitlines()[-1])
    assert (found["live"], found["ready"], found["models"], found["id"]) == (True, True, [True, False], "7")
    wanted = pytest.approx([expected(row) for row in ROWS], abs=1e-6)
    assert found["json"] == wanted
    assert found["binary"] == wanted
    assert 'Input "size": given nothing, expected a finite number (float32).' in found["error"]


def test_mlservers_codecs(server: Server) -> None:
    requests = _run("mlserver", "mlserver_codec.py", "encode", json.dumps(ROWS)).splitlines()
    assert len(requests) == 2
    for request in requests:
        status, _, body = server.ask("POST", "/v2/models/toys/infer", request.encode())
        assert status == 200, body
        decoded = json.loads(_run("mlserver", "mlserver_codec.py", "decode", body.decode()))
        wanted = pytest.approx([expected(row) for row in ROWS], abs=1e-6)
        assert list(decoded["likely"].values()) == wanted
