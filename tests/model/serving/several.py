"""An artifact of several models that score alike, each so much off that an answer tells which one gave it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tests.model.serving.examples import SCHEMA, graph, write_artifact

OTHER_SCHEMA: dict[str, Any] = {
    "service": "anything",
    "features": [feature for feature in SCHEMA["features"] if feature["name"] != "shape"],
    "output": SCHEMA["output"],
}


def scaled(factor: float) -> bytes:
    """The small model, the score multiplied by `factor`."""
    made = onnx.load_from_string(graph())
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array(factor, np.float32), "scale"))
    made.graph.node[-1].output[0] = "unscaled"
    made.graph.node.append(onnx.helper.make_node("Mul", ["unscaled", "scale"], ["likely"]))
    return made.SerializeToString()


def shapeless() -> bytes:
    """The small model without its feature `shape`, which is taken as missing: half the score."""
    made = onnx.load_from_string(scaled(0.5))
    made.graph.input.remove(next(node for node in made.graph.input if node.name == "shape"))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([[b""]], object), "shape"))
    return made.SerializeToString()


def write_several(folder: Path, **more: bytes) -> Path:
    """toys 1 (the default), toys 2 and 10 (a half, a quarter of its score), plain v1 (no shape, a half)."""
    schema, other = json.dumps(SCHEMA).encode(), json.dumps(OTHER_SCHEMA).encode()
    files = {
        "models/toys/2/model.onnx": scaled(0.5),
        "models/toys/2/schema.json": schema,
        "models/toys/10/model.onnx": scaled(0.25),
        "models/toys/10/schema.json": schema,
        "models/plain/v1/model.onnx": shapeless(),
        "models/plain/v1/schema.json": other,
        "models/plain/v1/model.json": b"{}",
        **more,
    }
    return write_artifact(folder, **files)
