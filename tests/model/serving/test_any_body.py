"""Whatever a caller sends, the answer is 200 or a 4xx that says why: never a 500, never an exception."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.serving.models.predictor import Model
from tests.model.serving.asking import ask
from tests.model.serving.examples import ROW, instances

_HEADERS = st.sampled_from(["application/json", "text/csv"])
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


def _checked(model: Model, body: bytes, content_type: str) -> None:
    answer = ask(model, body, content_type=content_type)
    if answer.status == 200:
        return
    assert answer.status in (400, 415), answer
    fault = json.loads(answer.body)["error"]
    assert fault["message"]
    assert len(answer.body) < 2000


@settings(deadline=None)
@given(st.binary(max_size=200), _HEADERS)
def test_any_bytes(toys: Model, body: bytes, content_type: str) -> None:
    _checked(toys, body, content_type)


@settings(deadline=None)
@given(_JSON)
def test_any_json(toys: Model, value: object) -> None:
    _checked(toys, json.dumps(value).encode(), "application/json")


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*ROW]), _SCALARS, max_size=5), max_size=4))
def test_any_rows(toys: Model, rows: list[dict]) -> None:
    _checked(toys, instances(*rows), "application/json")


@settings(deadline=None)
@given(st.data())
def test_a_good_body_with_a_few_bytes_changed(toys: Model, data: st.DataObject) -> None:
    content_type = data.draw(_HEADERS)
    good = {"application/json": instances(ROW, ROW), "text/csv": b"colour,size,weight\nred,1,2\nred,3,\n"}
    body = bytearray(good[content_type])
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    _checked(toys, bytes(body), content_type)


@settings(deadline=None)
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
