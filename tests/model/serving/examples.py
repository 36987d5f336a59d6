"""A small model made by hand: four features, a few ONNX nodes, and their arithmetic again in Python."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COLOURS = {"red": 1.0, "green": 2.0, "größer": 3.0}
SHAPES = {"": 0.5, "round": 2.0}
SCHEMA: dict[str, Any] = {
    "service": "toys",
    "features": [
        {"name": "colour", "kind": "category", "nullable": False, "description": "ignored by serving"},
        {"name": "shape", "kind": "category", "nullable": True},
        {"name": "size", "kind": "number", "nullable": False},
        {"name": "weight", "kind": "number", "nullable": True},
    ],
    "output": {"name": "likely", "kind": "probability"},
}
ROW: dict[str, Any] = {"colour": "red", "shape": "round", "size": 3, "weight": 1.5}
OTHER: dict[str, Any] = {"colour": "größer", "shape": None, "size": -2.25, "weight": None}
UNSEEN: dict[str, Any] = {"colour": "mauve: pale", "shape": "flat", "size": 1e6, "weight": 0}


def expected(row: dict[str, Any]) -> float:
    """The score of a row by the model's own arithmetic, in double precision."""
    weight = row.get("weight")
    total = 0.4 * COLOURS.get(row["colour"], -1.0) + 0.2 * SHAPES.get(row.get("shape") or "", -2.0)
    total += 0.1 * row["size"] + 0.05 * (7.0 if weight is None else weight)
    return 1 / (1 + math.exp(-total)) if total > -700 else 0.0


def graph() -> bytes:
    """The model as an ONNX graph: named inputs of shape [rows, 1], one output of shape [rows]."""
    parts = [("colour_code", 0.4), ("shape_code", 0.2), ("size", 0.1), ("weight_known", 0.05)]
    constants: dict[str, np.ndarray] = {
        f"{name}_factor": np.array(factor, np.float32) for name, factor in parts
    }
    constants |= {"seven": np.array(7, np.float32), "flat": np.array([-1], np.int64)}
    nodes = [
        _codes("colour", COLOURS, -1.0),
        _codes("shape", SHAPES, -2.0),
        helper.make_node("IsNaN", ["weight"], ["weight_missing"]),
        helper.make_node("Where", ["weight_missing", "seven", "weight"], ["weight_known"]),
        *(helper.make_node("Mul", [name, f"{name}_factor"], [f"{name}_part"]) for name, _ in parts),
        helper.make_node("Sum", [f"{name}_part" for name, _ in parts], ["total"]),
        helper.make_node("Sigmoid", ["total"], ["column"]),
        helper.make_node("Reshape", ["column", "flat"], ["likely"]),
    ]
    kinds = {"category": TensorProto.STRING, "number": TensorProto.FLOAT}
    made = helper.make_graph(
        nodes,
        "toys",
        [helper.make_tensor_value_info(f["name"], kinds[f["kind"]], [None, 1]) for f in SCHEMA["features"]],
        [helper.make_tensor_value_info("likely", TensorProto.FLOAT, [None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(made, opset_imports=versions, ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _codes(name: str, values: dict[str, float], unseen: float) -> onnx.NodeProto:
    return helper.make_node(
        "LabelEncoder",
        [name],
        [f"{name}_code"],
        domain="ai.onnx.ml",
        keys_strings=list(values),
        values_floats=list(values.values()),
        default_float=unseen,
    )


def write_artifact(folder: Path, model: bytes | None = None, schema: Any = None, **extra: bytes) -> Path:
    """An unpacked artifact in `folder` with correct checksums; `extra` are more files. Returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "model.onnx": graph() if model is None else model,
        "schema.json": json.dumps(SCHEMA if schema is None else schema).encode(),
        **extra,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (folder / "checksums.json").write_text(json.dumps({"algorithm": "sha256", "files": digests}))
    return folder


def instances(*rows: Any) -> bytes:
    """A JSON request of `rows`."""
    return json.dumps({"instances": rows}).encode()
