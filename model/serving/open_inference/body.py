"""The JSON of a request for scores, typed: msgspec decodes it and refuses a wrong type in C.

It does not look at what a model reads; that is for `tensors`. What it refuses goes to `body_faults`, which
says what is wrong.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from model.serving.errors import refused
from model.serving.formats.json_text import BOM, check_amount, is_marked, with_null
from model.serving.formats.limits import MAX_CONTAINERS
from model.serving.open_inference.body_faults import find_fault

MAX_SIZE = 2**40
"""The largest dimension of a shape that is read at all."""
Value = float | str | None
Parameters = dict[str, Any]


class Tensor(msgspec.Struct):
    """One input. `data` is flat or one list for each row; without it they are bytes after the JSON."""

    name: str
    shape: list[Annotated[int, msgspec.Meta(ge=0, le=MAX_SIZE)]]
    datatype: str
    parameters: Parameters | None = None
    data: list[Value | list[Value]] | None = None


class Wanted(msgspec.Struct):
    """One output that is asked for."""

    name: str
    parameters: Parameters | None = None


class Body(msgspec.Struct):
    """A request. Members that the protocol does not have are ignored, as Triton and KServe do."""

    inputs: list[Tensor]
    id: str | None = None
    parameters: Parameters | None = None
    outputs: list[Wanted] | None = None


_decode = msgspec.json.Decoder(Body).decode


def parse(text: bytes) -> Body:
    """The request in `text`. Raises RequestError 400 that says where it is wrong."""
    # fewer bytes cannot hold more
    if len(text) > MAX_CONTAINERS:
        check_amount(text)
    try:
        body = _decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        plain = with_null(text[len(BOM) :] if is_marked(text) else text)
        if plain != text:
            return parse(plain)
        find_fault(text)
        raise refused("invalid_request", f"The request is not one of this protocol: {error}.") from error
    # Every decoded pair had its colon. A colon more is inside a text, or of a member that is ignored, or of a
    # key that was given twice and of which only the last value is left.
    if text.count(b":") != _pairs(body):
        find_fault(text)
    return body


def _pairs(body: Body) -> int:
    tensors = sum(3 + (tensor.data is not None) + _extra(tensor.parameters) for tensor in body.inputs)
    outputs = 0 if body.outputs is None else 1 + _outputs(body.outputs)
    return 1 + (body.id is not None) + _extra(body.parameters) + tensors + outputs


def _outputs(outputs: Sequence[Wanted]) -> int:
    return sum(1 + _extra(output.parameters) for output in outputs)


def _extra(parameters: Parameters | None) -> int:
    return 0 if parameters is None else 1 + len(parameters)
