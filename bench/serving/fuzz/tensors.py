"""Drafts of the Open Inference Protocol: JSON, and JSON with binary tensors after it. Pure."""

import struct
from random import Random
from typing import Any
from urllib.parse import quote

import numpy as np

from bench.serving.fuzz.draft import Draft, rows_of
from bench.serving.fuzz.json_text import dumps, strange
from bench.serving.fuzz.mangling import mangled
from model.serving.models.schema import Schema

_LENGTH = "Inference-Header-Content-Length"
_TYPES = ("FP32", "FP64", "INT64", "UINT8", "BYTES", "BOOL", "FP16", "fp32", "", "INT4")
_SHAPES: tuple[list[Any], ...] = (
    [],
    [0],
    [-1],
    [1],
    [1, 1],
    [2, 1],
    [1, 2],
    [2**40],
    [2**70, 1],
    [1.5],
    [True],
)
_SIZES = (-1, 0, 1, 3, 10**9, 2**31, 2**63, 2**70, 1.5, "4", None, True)


def json_tensors(chance: Random, schema: Schema) -> Draft:
    """A request in JSON alone, right or not."""
    rows = rows_of(chance, schema)
    right = chance.random() < 0.2 and bool(rows)
    inputs = [
        _tensor(schema.features[index].kind, name, len(rows)) | {"data": [row[name] for row in rows]}
        for index, name in enumerate(schema.names)
    ]
    document: Any = {"id": "a", "inputs": inputs}
    if chance.random() < 0.2:
        document["outputs"] = [{"name": schema.output.name}]
    if not right:
        document = _spoiled(chance, document)
    headers = {"Content-Type": "application/json"}
    return Draft(_path(chance, schema, right), dumps(document), headers, len(rows) if right else None)


def binary_tensors(chance: Random, schema: Schema) -> Draft:
    """A request with its values in bytes after the JSON, right or not."""
    rows = rows_of(chance, schema)
    right = chance.random() < 0.2 and bool(rows)
    inputs, blobs = [], []
    for feature in schema.features:
        blob = _blob(feature.kind, [row[feature.name] for row in rows])
        if not right and chance.random() < 0.05:
            blob = mangled(chance, blob)
        blobs.append(blob)
        tensor = _tensor(feature.kind, feature.name, len(rows))
        inputs.append(tensor | {"parameters": {"binary_data_size": len(blob)}})
    document: Any = {"inputs": inputs}
    if chance.random() < 0.3:
        document["parameters"] = {"binary_data_output": True}
    if not right:
        document = _spoiled(chance, document)
    head = dumps(document)
    length = str(len(head))
    if not right and chance.random() < 0.2:
        length = chance.choice(
            ("0", "-1", "x", "99999999", "1e3", str(len(head) - 1), str(len(head) + 1), "9" * 30)
        )
    headers = {"Content-Type": "application/octet-stream", _LENGTH: length}
    return Draft(_path(chance, schema, right), head + b"".join(blobs), headers, len(rows) if right else None)


def _spoiled(chance: Random, document: dict[str, Any]) -> Any:
    if chance.random() < 0.5:
        tensor = chance.choice(document["inputs"])
        match chance.randrange(4):
            case 0:
                tensor["datatype"] = chance.choice(_TYPES)
            case 1:
                tensor["shape"] = chance.choice(_SHAPES)
            case 2:
                tensor["parameters"] = {"binary_data_size": chance.choice(_SIZES)}
            case _:
                tensor["parameters"] = {"content_type": chance.choice(("np", "pd", "base64", 1, None))}
        if chance.random() < 0.7:
            return document
    return strange(chance, document)


def _tensor(kind: str, name: str, count: int) -> dict[str, Any]:
    return {"name": name, "shape": [count, 1], "datatype": "BYTES" if kind == "category" else "FP32"}


def _blob(kind: str, values: list[Any]) -> bytes:
    if kind == "number":
        return np.array([np.nan if value is None else value for value in values], "<f4").tobytes()
    texts = [(value or "").encode() for value in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _path(chance: Random, schema: Schema, right: bool) -> str:
    model = f"/v2/models/{quote(schema.service, safe='')}"
    if right or chance.random() < 0.9:
        return f"{model}/infer" if chance.random() < 0.7 else f"{model}/versions/{schema.version}/infer"
    return chance.choice(
        (f"{model}/versions/99/infer", f"{model}/infer/", f"{model}x/infer", f"{model}/versions//infer")
    )
