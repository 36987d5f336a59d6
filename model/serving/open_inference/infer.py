"""A request for scores of one model into a job, and its scores into an answer."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import numpy as np

from model.serving.answers import Answer
from model.serving.application import Job, Request
from model.serving.errors import refused
from model.serving.formats.values import describe, resembling
from model.serving.models.catalog import Served
from model.serving.open_inference.body import Body, Parameters, parse
from model.serving.open_inference.health import JSON
from model.serving.open_inference.tensors import BINARY_SIZE, Tensors
from model.serving.quoting import shown

JSON_LENGTH = "inference-header-content-length"
"""The header that says where the JSON ends and binary values begin."""
BINARY = "application/octet-stream"
_encode = msgspec.json.Encoder().encode


class Infer:
    """POST …/infer of one model. May be called from several threads at once."""

    def __init__(self, served: Served) -> None:
        self._scorer = served.scorer
        self._output = served.schema.output.name
        self._tensors = Tensors(served.schema)
        named = _encode({"model_name": served.name, "model_version": served.version})
        self._begin = named[:-1] + b","
        output = _encode({"name": self._output, "datatype": "FP32"})
        self._result = b'"outputs":[' + output[:-1] + b',"shape":['

    def prepare(self, request: Request) -> Job:
        """The request's rows, to be scored. Raises RequestError 400."""
        text, binary = _parts(request)
        body = parse(text)
        as_bytes = self._binary_wanted(body)
        table = self._tensors.table(body.inputs, binary)
        return Job(self._scorer, table, partial(self._answer, body.id, as_bytes), request)

    def _binary_wanted(self, body: Body) -> bool:
        """Whether the output is to be binary. Raises RequestError 400 for an output that is none of ours."""
        everything = _flag(body.parameters, "binary_data_output", default=False)
        if not body.outputs:
            return everything
        if len(body.outputs) > 1:
            raise refused("invalid_request", f"{len(body.outputs)} outputs are asked for, and there is one.")
        wanted = body.outputs[0]
        if wanted.name != self._output:
            hint = resembling(wanted.name, [self._output]) or f": there is {shown(self._output)}"
            raise refused("invalid_request", f"There is no output {shown(wanted.name)}{hint}.")
        if "classification" in (wanted.parameters or {}):
            raise refused("invalid_request", 'The output is a score and has no "classification".')
        return _flag(wanted.parameters, "binary_data", default=everything)

    def _answer(self, name: str | None, as_bytes: bool, scores: list[Any]) -> Answer:
        begin = self._begin if name is None else b'%b"id":%b,' % (self._begin, _encode(name))
        if not as_bytes:
            # a score that is no number is null
            body = b'%b%b%d],"data":%b}]}' % (begin, self._result, len(scores), _encode(scores))
            return Answer(200, JSON, body, "", scores)
        size = b'"parameters":{"%b":%d}' % (BINARY_SIZE.encode(), 4 * len(scores))
        text = b"%b%b%d],%b}]}" % (begin, self._result, len(scores), size)
        content = np.array(scores, "<f4").tobytes()
        return Answer(
            200, BINARY, text + content, f"Inference-Header-Content-Length: {len(text)}\r\n", scores
        )


def _parts(request: Request) -> tuple[bytes, memoryview]:
    """The body's JSON, and the binary values after it. Raises RequestError 400."""
    body = request.body
    length = request.headers.get(JSON_LENGTH)
    if length is None:
        if not body:
            raise refused("empty_body", 'The body is empty; it has to hold "inputs".')
        return body, memoryview(b"")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 12 else -1
    if not 0 < size <= len(body):
        raise refused(
            "invalid_request",
            f"Inference-Header-Content-Length is {shown(length)}, and has to be the length of the JSON "
            f"that the body begins with: from 1 to {len(body)}.",
        )
    return body[:size], memoryview(body)[size:]


def _flag(parameters: Parameters | None, name: str, *, default: bool) -> bool:
    values: Mapping[str, Any] = parameters or {}
    value = values.get(name, default)
    if not isinstance(value, bool):
        raise refused("invalid_request", f'"{name}" has to be true or false, given {describe(value)[:60]}.')
    return value
