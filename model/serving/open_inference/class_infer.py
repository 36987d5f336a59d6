"""The probabilities of several classes into an answer: a tensor with a row for each row, a column a class."""

from typing import Any

import msgspec
import numpy as np

from model.serving.answers import Answer
from model.serving.formats.classes import counted
from model.serving.models.catalog import Served
from model.serving.open_inference.health import JSON
from model.serving.open_inference.infer import BINARY, Infer
from model.serving.open_inference.tensors import BINARY_SIZE

_encode = msgspec.json.Encoder().encode


class ClassInfer(Infer):
    """POST …/infer of one model of several classes. May be called from several threads at once."""

    def __init__(self, served: Served) -> None:
        super().__init__(served)
        self._classes = len(served.schema.output.classes)

    def _answer(self, name: str | None, as_bytes: bool, scores: list[Any]) -> Answer:
        numbers = [counted(row) for row in scores]
        begin = self._begin if name is None else b'%b"id":%b,' % (self._begin, _encode(name))
        result = b"%b%b%d,%d]," % (begin, self._result, len(scores), self._classes)
        values = [value for row in scores for value in row]
        if not as_bytes:
            return Answer(200, JSON, b'%b"data":%b}]}' % (result, _encode(values)), "", numbers)
        content = np.array(values, "<f4").tobytes()
        text = b'%b"parameters":{"%b":%d}}]}' % (result, BINARY_SIZE.encode(), len(content))
        return Answer(
            200, BINARY, text + content, f"Inference-Header-Content-Length: {len(text)}\r\n", numbers
        )
