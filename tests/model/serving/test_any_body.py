"""Whatever a caller sends, the answer is 200 or a 4xx that says why: never a 500, never an exception."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.predictor import Model
from tests.examples import examples
from tests.model.serving.asking import ask
from tests.model.serving.examples import OTHER, ROW, instances
from tests.model.serving.test_json_lines import lines
from tests.model.serving.test_npy_requests import npy
from tests.model.serving.test_table_requests import FILE, PARQUET, STREAM, TABLE, arrow, arrow_file, parquet

_ATTRIBUTES = "x_amzn_sagemaker_custom_attributes"

ARRAY = np.array([("red", 1.5), ("green", np.nan)], [("colour", "U6"), ("size", "f4")])
GOOD: dict[str, list[bytes]] = {
    "application/json": [
        instances(ROW, ROW),
        json.dumps(ROW).encode(),
        json.dumps({"inputs": {name: [value] for name, value in ROW.items()}}).encode(),
        json.dumps({"dataframe_split": {"columns": [*ROW], "data": [[*ROW.values()]]}}).encode(),
        json.dumps({"dataframe_records": [ROW], "params": {}}).encode(),
    ],
    "text/csv": [b"colour,size,weight\nred,1,2\nred,3,\n"],
    "application/jsonlines": [lines(ROW, OTHER, {"colour": "red", "size": 1})],
    "application/x-npy": [npy(ARRAY), npy(np.ones((2, 4)))],
}
TABLES: dict[str, list[bytes]] = {
    PARQUET: [parquet(TABLE), parquet(TABLE, compression="zstd", data_page_version="2.0")],
    STREAM: [arrow(TABLE), arrow(TABLE, compression="lz4")],
    FILE: [arrow_file(TABLE)],
}
_MEDIA = st.sampled_from([*GOOD])
_ACCEPT = st.sampled_from(["", "*/*", *GOOD, *TABLES, "image/png"])
_WISH = st.sampled_from(["", "invalid-rows=null", "invalid-rows=", "x"])
_ENCODINGS: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "\x00", "\ud800", "NaN", "1e999", 10**400, -0.0, 3.4028235e38])
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*ROW, "instances", "", "\ud800"]), inner, max_size=5)
    ),
    max_leaves=12,
)
_CELLS = st.sampled_from([*ROW, "red", "", "1", "-1e5", "nan", "x", '"', "\n", "\x00", "\u0661"]) | st.text(
    max_size=3
)


def _checked(model: Model, body: bytes, content_type: str, **headers: str) -> None:
    answer = ask(model, body, content_type=content_type, **headers)
    if answer.status == 200:
        return
    assert answer.status in (400, 406, 413, 415), answer
    fault = json.loads(answer.body)["error"]
    assert fault["message"]
    assert len(answer.body) < 2000


@given(st.binary(max_size=200), _MEDIA, _ACCEPT, _WISH, st.sampled_from([*_ENCODINGS]))
def test_any_bytes(toys: Model, body: bytes, media: str, accept: str, wish: str, encoding: str) -> None:
    headers = {"accept": accept, _ATTRIBUTES: wish, "content_encoding": encoding}
    _checked(toys, body, media, **headers)
    _checked(toys, _ENCODINGS[encoding](body), media, **headers)


@pytest.mark.sandbox
@examples(0.3)
@given(st.binary(max_size=200), st.sampled_from([*TABLES]))
def test_any_bytes_as_a_table(toys: Model, body: bytes, media: str) -> None:
    _checked(toys, body, media)


@given(_JSON)
def test_any_json(toys: Model, value: object) -> None:
    _checked(toys, json.dumps(value).encode(), "application/json")


@given(st.lists(st.dictionaries(st.sampled_from([*ROW]), _SCALARS, max_size=5), max_size=4))
def test_any_rows(toys: Model, rows: list[dict]) -> None:
    _checked(toys, instances(*rows), "application/json")


def _damaged(data: st.DataObject, good: dict[str, list[bytes]]) -> tuple[bytes, str]:
    media = data.draw(st.sampled_from([*good]))
    body = bytearray(data.draw(st.sampled_from(good[media])))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    return bytes(body), media


@examples(3)
@given(st.data(), _ACCEPT, _WISH)
def test_a_good_body_with_a_few_bytes_changed(
    toys: Model, data: st.DataObject, accept: str, wish: str
) -> None:
    body, media = _damaged(data, GOOD)
    _checked(toys, body, media, accept=accept, **{_ATTRIBUTES: wish})


@pytest.mark.sandbox
@given(st.data(), _WISH)
def test_a_good_table_with_a_few_bytes_changed(toys: Model, data: st.DataObject, wish: str) -> None:
    body, media = _damaged(data, TABLES)
    _checked(toys, body, media, **{_ATTRIBUTES: wish})


@given(_JSON, _WISH)
def test_any_json_lines(toys: Model, value: object, wish: str) -> None:
    body = lines(ROW, value, value)
    _checked(toys, body, "application/jsonlines", **{_ATTRIBUTES: wish})


@given(st.sampled_from(["instances", "inputs", "dataframe_split", "dataframe_records"]), _JSON, _WISH)
def test_any_form(toys: Model, form: str, value: object, wish: str) -> None:
    _checked(toys, json.dumps({form: value}).encode(), "application/json", **{_ATTRIBUTES: wish})


@given(
    st.lists(st.lists(_SCALARS, min_size=3, max_size=4), max_size=3),
    st.lists(st.sampled_from([*ROW, "other"]), max_size=4),
    _WISH,
)
def test_any_data_frame(toys: Model, data: list, columns: list, wish: str) -> None:
    body = json.dumps({"dataframe_split": {"columns": columns, "data": data}}).encode()
    _checked(toys, body, "application/json", **{_ATTRIBUTES: wish})


@given(st.lists(st.lists(_CELLS, max_size=5), max_size=5), st.booleans())
def test_any_table(toys: Model, table: list[list[str]], with_header: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text, escapechar="\\")
    writer.writerows([list(ROW), *table] if with_header else table)
    _checked(toys, text.getvalue().encode(errors="surrogatepass"), "text/csv")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "", "\xff"])
def test_headers_are_input_too(toys: Model, method: str) -> None:
    headers = {"accept": method, "content_encoding": method, "content_type": method}
    assert ask(toys, instances(ROW), **headers).status in (200, 406, 415)
