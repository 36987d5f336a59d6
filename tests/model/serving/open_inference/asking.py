"""The Open Inference Protocol asked in process, and requests of it."""

import json
import struct
from typing import Any

import numpy as np

from model.serving.answers import Answer
from model.serving.application import Application, Request

INFER = "/v2/models/toys/infer"
DATATYPES = {"colour": "BYTES", "shape": "BYTES", "size": "FP32", "weight": "FP32"}


def ask(application: Application, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    """The answer to a request; header names with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return application.respond(Request(method, path, named, body))


def inputs(*rows: dict[str, Any], **datatypes: str) -> list[dict[str, Any]]:
    """`rows` as tensors, in the datatypes given or in the metadata's."""
    return [
        {
            "name": name,
            "shape": [len(rows), 1],
            "datatype": datatypes.get(name, DATATYPES[name]),
            "data": [row[name] for row in rows],
        }
        for name in rows[0]
    ]


def infer(application: Application, tensors: Any, path: str = INFER, **members: Any) -> Answer:
    """The answer to a request for scores, in JSON."""
    return ask(application, "POST", path, json.dumps({"inputs": tensors} | members).encode())


def packed(tensor: dict[str, Any]) -> bytes:
    """The tensor's data in the protocol's binary form."""
    if tensor["datatype"] == "BYTES":
        texts = [text if isinstance(text, bytes) else text.encode() for text in tensor["data"]]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    sign, size = tensor["datatype"][:-2].lower()[0], int(tensor["datatype"].lstrip("UINTFP")) // 8
    return np.array(tensor["data"], f"<{sign}{size}").tobytes()


def binary(application: Application, tensors: Any, *, left_out: int = 0, **members: Any) -> Answer:
    """The answer to a request for scores whose tensors are all binary, the last bytes left out."""
    contents = [packed(tensor) for tensor in tensors]
    described = [
        {
            **{name: tensor[name] for name in ("name", "shape", "datatype")},
            "parameters": {"binary_data_size": len(content)},
        }
        for tensor, content in zip(tensors, contents, strict=True)
    ]
    text = json.dumps({"inputs": described} | members).encode()
    body = text + b"".join(contents)
    return ask(
        application,
        "POST",
        INFER,
        body[: len(body) - left_out],
        inference_header_content_length=str(len(text)),
    )


def scores(answer: Answer) -> list[float]:
    """The scores of a 200 in JSON."""
    assert answer.status == 200, answer
    (output,) = json.loads(answer.body)["outputs"]
    assert output["shape"] == [len(output["data"])]
    assert list(answer.scores) == output["data"]
    return output["data"]


def binary_scores(answer: Answer) -> list[float]:
    """The scores of a binary 200."""
    assert (answer.status, answer.media) == (200, "application/octet-stream"), answer
    name, _, length = answer.headers.strip().partition(": ")
    assert name == "Inference-Header-Content-Length"
    (output,) = json.loads(answer.body[: int(length)])["outputs"]
    content = answer.body[int(length) :]
    assert output["parameters"] == {"binary_data_size": len(content)}
    assert "data" not in output
    found = np.frombuffer(content, "<f4").tolist()
    assert output["shape"] == [len(found)]
    return found


def error(answer: Answer) -> dict[str, Any]:
    """The error of an answer that is none of 200 and 500, with the status in it."""
    assert answer.status not in (200, 500), answer
    told = json.loads(answer.body)
    assert isinstance(told["error"], str), told
    assert len(answer.body) < 1000
    return {"status": answer.status, **told}
