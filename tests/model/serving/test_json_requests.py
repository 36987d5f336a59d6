"""JSON bodies: what is answered, and how exactly a wrong one is refused."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.errors import Fault, RequestError
from model.serving.formats.json_faults import careful_columns
from model.serving.formats.json_rows import JsonRows
from model.serving.models.columns import Columns, merged
from model.serving.models.schema import Schema, parse_schema
from model.serving.predictor import Model
from tests.model.serving.asking import ask, error, scores
from tests.model.serving.examples import OTHER, ROW, SCHEMA, UNSEEN, expected, instances


def _schema() -> Schema:
    return parse_schema(json.dumps(SCHEMA).encode())


@pytest.mark.parametrize(
    "rows", [[ROW], [OTHER], [UNSEEN], [ROW, OTHER, UNSEEN], [ROW] * 100], ids=lambda rows: str(len(rows))
)
def test_scores_are_the_models_arithmetic(toys: Model, rows: list[dict]) -> None:
    assert scores(ask(toys, instances(*rows))) == pytest.approx([expected(row) for row in rows], abs=1e-6)


def test_one_row_leaves_nothing_for_the_next(toys: Model) -> None:
    """The buffers of a single row are used again: a missing value must not become the last one's."""
    for row in (ROW, OTHER, ROW, UNSEEN, OTHER):
        assert scores(ask(toys, instances(row))) == pytest.approx([expected(row)], abs=1e-6)


def test_a_single_row_without_instances(toys: Model) -> None:
    assert scores(ask(toys, json.dumps(ROW).encode())) == pytest.approx([expected(ROW)], abs=1e-6)


def test_no_rows_no_scores(toys: Model) -> None:
    assert scores(ask(toys, instances())) == []


def test_a_nullable_feature_may_be_left_out(toys: Model) -> None:
    row = {"colour": "green", "size": 1}
    assert scores(ask(toys, instances(ROW, row))) == pytest.approx([expected(ROW), expected(row)], abs=1e-6)


def test_without_content_type_it_is_json(toys: Model) -> None:
    assert scores(ask(toys, instances(ROW), content_type="")) == pytest.approx([expected(ROW)], abs=1e-6)


WRONG_FIELDS = [
    ({"colour": 5}, "colour", "the number 5", "a text"),
    ({"colour": None}, "colour", "null", "a text"),
    ({"colour": ["red"]}, "colour", "a list of 1", "a text"),
    ({"shape": {}}, "shape", "an object", "a text or null"),
    ({"size": "3"}, "size", 'the text "3"', "a finite number (float32)"),
    ({"size": True}, "size", "the boolean true", "a finite number (float32)"),
    ({"size": None}, "size", "null", "a finite number (float32)"),
    ({"weight": 1e39}, "weight", "the number 1e+39", "a finite number (float32) or null"),
    (
        {"weight": float("nan")},
        "weight",
        "NaN, which JSON does not have",
        "a finite number (float32) or null",
    ),
    ({"colour": float("inf")}, "colour", "Infinity, which JSON does not have", "a text"),
    ({"colour": "\ud800"}, "colour", 'the text "\\ud800"', "a text"),
    ({"wieght": 1}, "wieght", 'an unknown field (did you mean "weight"?)', "only the model's features"),
]


@pytest.mark.parametrize(
    ("change", "field", "told", "wanted"), WRONG_FIELDS, ids=lambda value: str(value)[:30]
)
def test_a_wrong_field_is_named(toys: Model, change: dict, field: str, told: str, wanted: str) -> None:
    fault = error(ask(toys, instances(ROW, OTHER, ROW | change)))
    assert (fault["status"], fault["code"], fault["row"]) == (400, "invalid_field", 2)
    assert (fault["field"], fault["given"], fault["expected"]) == (field, told, wanted)
    for part in ("row 2", field, told, wanted):
        assert part in fault["message"]


def test_a_missing_field_is_named(toys: Model) -> None:
    fault = error(ask(toys, instances(ROW, {"colour": "red"})))
    assert (fault["row"], fault["field"], fault["given"]) == (1, "size", "nothing")


@pytest.mark.parametrize(
    "row", ["red", 7, None, ["red", None, 3], ["red", None, 3, 1.5, 0], [], [["red"]], True]
)
def test_a_row_that_is_no_object(toys: Model, row: object) -> None:
    fault = error(ask(toys, instances(ROW, row)))
    assert (fault["status"], fault["code"], fault["row"]) == (400, "invalid_row", 1)


@pytest.mark.parametrize("twice", ["colour", "size", "weight"])
def test_a_key_given_twice_is_refused(toys: Model, twice: str) -> None:
    row = json.dumps(ROW)[:-1] + f', "{twice}": {json.dumps(ROW[twice])}}}'
    fault = error(ask(toys, b'{"instances": [' + row.encode() + b"]}"))
    assert (fault["field"], fault["given"]) == (twice, "two values")


def test_a_key_given_twice_where_another_is_left_out(toys: Model) -> None:
    """As many pairs as features, so that counting alone would not see it."""
    fault = error(ask(toys, b'{"instances": [{"colour": "red", "shape": "x", "size": 1, "size": 2}]}'))
    assert (fault["field"], fault["given"]) == ("size", "two values")


def test_instances_given_twice(toys: Model) -> None:
    one = json.dumps([ROW]).encode()
    assert "twice" in error(ask(toys, b'{"instances": [], "instances": ' + one + b"}"))["message"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "empty"),
        (b"not json", "line 1, column 1"),
        (b'{"instances": [', "line 1"),
        (b'\n\n{"instances": [}', "line 3"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "BOM"),
        (b'{"instances": [{"colour": "\xff"}]}', "byte 27"),
        (b"[1, 2]", "a list of 2"),
        (b"7", "the number 7"),
        (b"{}", '"instances"'),
        (b'{"rows": []}', '"instances"'),
        (b'{"instances": {}}', "an object"),
        (b'{"instances": null}', "null"),
        (b'{"instances": [], "parameters": {}}', '"parameters"'),
        (b'{"instances": ' + b"[" * 100_000, "nested"),
        (b'{"instances": [' + b"[]," * 600_000 + b"[]]}", "500000"),
        (b'{"instances": [{"size": ' + b"9" * 5000 + b', "colour": ""}]}', "row 0"),
    ],
    ids=range(16),
)
def test_a_wrong_body_says_where(toys: Model, body: bytes, part: str) -> None:
    fault = error(ask(toys, body))
    assert fault["status"] == 400
    assert part in fault["message"]


def test_a_long_text_is_not_repeated_in_full(toys: Model) -> None:
    answer = ask(toys, instances(ROW | {"size": "x" * 100_000}))
    assert answer.status == 400
    assert len(answer.body) < 500


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["red", "round", ":", '"']),
)
_ROWS = st.dictionaries(st.sampled_from([*ROW, "other"]), _VALUES, max_size=5)
_GOOD = st.fixed_dictionaries(
    {"colour": st.text(max_size=5), "size": st.floats(-1e9, 1e9, width=32)},
    optional={"shape": st.none() | st.text(max_size=5), "weight": st.none() | st.integers(-99, 99)},
)


def _outcome(decode: Callable[[bytes], Columns], body: bytes) -> Columns | Fault:
    try:
        return decode(body)
    except RequestError as refusal:
        return refusal.fault


@given(st.lists(_GOOD | _ROWS, max_size=4))
def test_the_quick_way_and_the_careful_way_agree(rows: list[dict]) -> None:
    schema = _schema()
    body = json.dumps({"instances": rows}).encode()
    quick = _outcome(lambda body: merged([JsonRows(schema).columns(body)]), body)
    careful = _outcome(lambda body: careful_columns(body, schema), body)
    if isinstance(careful, Columns) and isinstance(quick, Columns):
        assert quick.count == careful.count == len(rows)
        np.testing.assert_array_equal(quick.numbers, careful.numbers)
        np.testing.assert_array_equal(quick.categories, careful.categories)
    else:
        assert quick == careful
