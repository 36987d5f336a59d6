"""What a client may ask: health, metadata, which models there are; and the refusal of all else."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.serving.application import Application, Request
from model.serving.models.catalog import load_models
from model.serving.open_inference.health import loading
from model.serving.open_inference.metadata import SERVER_VERSION
from model.serving.open_inference.routes import OpenInference
from tests.model.serving.open_inference.asking import ask, error


def _told(application: Application, path: str, method: str = "GET", body: bytes = b"") -> Any:
    answer = ask(application, method, path, body)
    assert (answer.status, answer.media) == (200, "application/json"), answer
    return json.loads(answer.body)


def test_the_servers_metadata(v2: Application) -> None:
    assert _told(v2, "/v2") == {
        "name": "slipway",
        "version": SERVER_VERSION,
        "extensions": ["binary_tensor_data", "model_repository"],
    }


def test_a_models_metadata(v2: Application) -> None:
    nullable = {"parameters": {"nullable": True}}
    assert _told(v2, "/v2/models/toys") == {
        "name": "toys",
        "versions": ["1", "2", "10"],
        "platform": "onnx_onnxv1",
        "inputs": [
            {"name": "colour", "datatype": "BYTES", "shape": [-1, 1]},
            {"name": "shape", "datatype": "BYTES", "shape": [-1, 1], **nullable},
            {"name": "size", "datatype": "FP32", "shape": [-1, 1]},
            {"name": "weight", "datatype": "FP32", "shape": [-1, 1], **nullable},
        ],
        "outputs": [{"name": "likely", "datatype": "FP32", "shape": [-1]}],
    }
    names = [tensor["name"] for tensor in _told(v2, "/v2/models/plain/versions/v1")["inputs"]]
    assert names == ["colour", "size", "weight"]


def test_which_models_there_are(v2: Application) -> None:
    assert _told(v2, "/v2/models") == {"models": ["plain", "toys"]}
    found = _told(v2, "/v2/repository/index", "POST", b'{"ready": true}')
    assert [(entry["name"], entry["version"], entry["state"]) for entry in found] == [
        ("plain", "v1", "READY"),
        ("toys", "1", "READY"),
        ("toys", "10", "READY"),
        ("toys", "2", "READY"),
    ]


@pytest.mark.parametrize("path", ["/v2/models/toys", "/v2/models/toys/versions/2", "/v2/models/%74oys"])
def test_a_model_that_is_loaded_is_ready(v2: Application, path: str) -> None:
    assert _told(v2, f"{path}/ready") == {"name": "toys", "ready": True}


def test_alive_and_not_ready_while_loading_or_draining(several: Path) -> None:
    ready = {"is": False}
    handle = OpenInference(load_models(several), lambda: ready["is"]).handle
    for waiting in (loading, handle):
        application = Application(lambda: True, {"/v2/": waiting})
        assert _told(application, "/v2/health/live") == {"live": True}
        answer = ask(application, "GET", "/v2/health/ready")
        assert (answer.status, answer.body) == (503, b'{"ready":false}')
    ready["is"] = True
    assert _told(application, "/v2/health/ready") == {"ready": True}


@pytest.mark.parametrize("path", ["/v2", "/v2/models/toys", "/v2/models/toys/infer"])
def test_anything_else_waits_while_loading(path: str) -> None:
    answer = loading(Request("POST", path, {}, b""))
    assert (error(answer)["status"], answer.headers) == (503, "Retry-After: 1\r\n")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v2", "GET, HEAD"),
        ("POST", "/v2/health/live", "GET, HEAD"),
        ("POST", "/v2/models/toys", "GET, HEAD"),
        ("DELETE", "/v2/models/toys/ready", "GET, HEAD"),
        ("GET", "/v2/models/toys/infer", "POST"),
        ("GET", "/v2/models/%74oys/infer", "POST"),
        ("GET", "/v2/repository/index", "POST"),
    ],
)
def test_methods(v2: Application, method: str, path: str, allowed: str) -> None:
    answer = ask(v2, method, path)
    assert (error(answer)["status"], answer.headers) == (405, f"Allow: {allowed}\r\n")


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/v2/", "GET /v2, "),
        ("/v2/x", "GET /v2, "),
        ("/v2/models/", "GET /v2, "),
        ("/v2/models/toys/", "GET /v2, "),
        ("/v2/models/toys/config", "GET /v2, "),
        ("/v2/models/toys/ready/", "GET /v2, "),
        ("/v2/models/toys/versions", "GET /v2, "),
        ("/v2/models/nothing", '"plain", "toys"'),
        ("/v2/models/nothing/infer", '"plain", "toys"'),
        ("/v2/models/toys/versions/9/infer", '"1", "10", "2"'),
        ("/v2/models/%ff%00/infer", '"plain", "toys"'),
        ("/v2/models/" + "x" * 5000, '"plain", "toys"'),
    ],
    ids=range(12),
)
def test_what_is_not_there(v2: Application, path: str, part: str) -> None:
    for method in ("GET", "POST"):
        told = error(ask(v2, method, path))
        assert told["status"] == 404
        assert part in told["error"]


def test_models_are_not_loaded_on_request(v2: Application) -> None:
    told = error(ask(v2, "POST", "/v2/repository/models/toys/unload"))
    assert (told["status"], told["code"]) == (400, "unsupported")
