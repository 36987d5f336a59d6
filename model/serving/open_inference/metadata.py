"""What a client may ask about the server and its models, as the protocol's documents. No requests."""

import json
from typing import Any

from model.serving.models.catalog import Loaded, Served
from model.serving.models.schema import Feature, Output

SERVER = "slipway"
SERVER_VERSION = "0.1.0"
EXTENSIONS = ("binary_tensor_data", "model_repository")
PLATFORM = "onnx_onnxv1"
"""Triton's name for a graph that ONNX Runtime runs."""


def server() -> dict[str, Any]:
    """The answer to GET /v2."""
    return {"name": SERVER, "version": SERVER_VERSION, "extensions": list(EXTENSIONS)}


def model(served: Served, versions: list[str]) -> dict[str, Any]:
    """The answer to GET /v2/models/NAME: every input and the output, -1 for the number of rows."""
    return {
        "name": served.name,
        "versions": versions,
        "platform": PLATFORM,
        "inputs": [_input(feature) for feature in served.schema.features],
        "outputs": [_output(served.schema.output)],
    }


def _output(output: Output) -> dict[str, Any]:
    """The output; of classes it has a column for each, and tells their names as JSON in a parameter: the
    protocol has no member for them, and a parameter is no list."""
    told: dict[str, Any] = {"name": output.name, "datatype": "FP32"}
    if not output.classes:
        return told | {"shape": [-1]}
    names = json.dumps(output.classes, ensure_ascii=False)
    return told | {"shape": [-1, len(output.classes)], "parameters": {"classes": names}}


def _input(feature: Feature) -> dict[str, Any]:
    """One input; `nullable` is told as a parameter, because the protocol has no member for it."""
    told: dict[str, Any] = {
        "name": feature.name,
        "datatype": "FP32" if feature.kind == "number" else "BYTES",
        "shape": [-1, 1],
    }
    return told | {"parameters": {"nullable": True}} if feature.nullable else told


def index(loaded: Loaded) -> list[dict[str, str]]:
    """The answer to POST /v2/repository/index: every version of every model."""
    return [
        {"name": served.name, "version": served.version, "state": "READY", "reason": ""}
        for served in sorted(loaded.all, key=lambda served: (served.name, served.version))
    ]
