"""Whatever is sent under /v2, the answer is 200 or a 4xx that says why: never a 500, never an exception."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from model.serving.answers import Answer
from model.serving.application import Application
from tests.examples import examples
from tests.model.serving.examples import OTHER, ROW
from tests.model.serving.open_inference.asking import INFER, ask, binary, infer, inputs

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["", "\x00", "\ud800", 10**400, -(2**63), 2**64, 3.4028235e38, 1e308])
)
_DATATYPES = ("BYTES", "FP32", "FP64", "INT8", "UINT64", "BOOL", "FP16")
_DATA = st.lists(_SCALARS | st.lists(_SCALARS, max_size=2), max_size=4)
_PARAMETERS = st.dictionaries(
    st.sampled_from(["binary_data_size", "content_type", "binary_data", "binary_data_output", "x"]),
    _SCALARS | st.integers(0, 20),
    max_size=2,
)
_TENSOR = st.fixed_dictionaries(
    {
        "name": st.sampled_from([*ROW, "other"]),
        "shape": st.lists(st.integers(0, 4) | _SCALARS, max_size=3) | st.sampled_from([[1], [2, 1]]),
        "datatype": st.sampled_from(_DATATYPES) | _SCALARS,
    },
    optional={"data": _DATA | _SCALARS, "parameters": _PARAMETERS | _SCALARS, "x": _SCALARS},
)
_BODY = st.fixed_dictionaries(
    {"inputs": st.lists(_TENSOR | _SCALARS, max_size=5) | _SCALARS},
    optional={
        "id": _SCALARS,
        "parameters": _PARAMETERS | _SCALARS,
        "outputs": st.lists(st.fixed_dictionaries({"name": _SCALARS, "parameters": _PARAMETERS}), max_size=2),
        "\ud800": _SCALARS,
    },
)
_PATHS = st.lists(
    st.sampled_from(
        ["v2", "models", "toys", "versions", "1", "infer", "ready", "", "%ff", "repository", "..", "ü"]
    ),
    max_size=7,
).map(lambda parts: "/v2" + "/".join(["", *parts]))


def _checked(answer: Answer) -> None:
    if answer.status == 200:
        return
    assert answer.status in (400, 404, 405, 415), answer
    told = json.loads(answer.body)
    assert isinstance(told["error"], str)
    assert told["error"]
    assert len(answer.body) < 2000


@given(st.binary(max_size=200), st.none() | st.integers(-1, 200))
def test_any_bytes(v2: Application, body: bytes, length: int | None) -> None:
    headers = {} if length is None else {"inference_header_content_length": str(length)}
    _checked(ask(v2, "POST", INFER, body, **headers))


@examples(2)
@given(_BODY)
def test_any_request(v2: Application, body: dict[str, Any]) -> None:
    _checked(ask(v2, "POST", INFER, json.dumps(body).encode()))


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(ROW, _SCALARS)), min_size=1, max_size=3), st.data())
def test_any_values(v2: Application, rows: list[dict[str, Any]], data: st.DataObject) -> None:
    datatypes = {name: data.draw(st.sampled_from(_DATATYPES)) for name in ("size", "weight")}
    _checked(infer(v2, inputs(*rows, **datatypes)))


@given(st.data())
def test_a_good_request_with_a_few_bytes_changed(v2: Application, data: st.DataObject) -> None:
    tensors = inputs(ROW, OTHER | {"shape": "", "weight": 7})
    text = bytearray(json.dumps({"inputs": tensors, "id": "a"}).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    _checked(ask(v2, "POST", INFER, bytes(text)))


@given(st.data())
def test_a_good_binary_request_cut_or_changed(v2: Application, data: st.DataObject) -> None:
    tensors = inputs(ROW, OTHER | {"shape": "", "weight": 7})
    tensors[0]["data"] = [data.draw(st.binary(max_size=5)), "red"]
    tensors[2]["data"] = data.draw(st.lists(st.floats(width=32), min_size=1, max_size=3))
    _checked(binary(v2, tensors, left_out=data.draw(st.integers(0, 20))))


@given(_PATHS, st.sampled_from(["GET", "POST", "PUT"]))
def test_any_path(v2: Application, path: str, method: str) -> None:
    _checked(ask(v2, method, path))
