"""The forms of a JSON request: MLflow's, SageMaker's, one row; and what is said of a wrong one."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.errors import Fault, RequestError
from model.serving.formats.json_faults import careful_columns
from model.serving.formats.json_rows import JsonRows
from model.serving.models.columns import Columns, merged
from model.serving.models.schema import parse_schema
from model.serving.predictor import Model
from tests.examples import examples
from tests.model.serving.asking import ask, error, scores
from tests.model.serving.examples import OTHER, ROW, SCHEMA, UNSEEN, expected

ROWS = [ROW, OTHER, UNSEEN]
NAMES = list(ROW)
CELLS = [[row[name] for name in NAMES] for row in ROWS]
COLUMNS = {name: [row[name] for row in ROWS] for name in NAMES}
REVERSED = {"columns": NAMES[::-1], "data": [cells[::-1] for cells in CELLS]}
SOME = {"columns": ["size", "colour"], "data": [[1, "red"]]}


def body(**document: Any) -> bytes:
    """A JSON request."""
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "document",
    [
        {"instances": ROWS},
        {"instances": COLUMNS},
        {"inputs": ROWS},
        {"inputs": COLUMNS},
        {"dataframe_records": ROWS},
        {"dataframe_split": {"columns": NAMES, "data": CELLS}},
        {"dataframe_split": {"columns": NAMES, "index": ["a", "b", "c"], "data": CELLS}},
        {"dataframe_split": {"index": [2, 1, 0], "data": CELLS, "columns": NAMES}},
        {"dataframe_split": REVERSED},
        {"dataframe_split": REVERSED, "params": {}},
        {"params": None, "dataframe_records": ROWS},
    ],
    ids=lambda document: json.dumps(document)[:40],
)
def test_a_form_of_the_same_rows(toys: Model, document: dict) -> None:
    found = scores(ask(toys, json.dumps(document).encode()))
    assert found == pytest.approx([expected(row) for row in ROWS], abs=1e-6)


@pytest.mark.parametrize(
    "document",
    [{"inputs": {"colour": "red", "size": 1}}, {"dataframe_split": SOME}, {"colour": "red", "size": 1}],
    ids=["inputs", "dataframe_split", "one row"],
)
def test_one_row_with_columns_left_out(toys: Model, document: dict) -> None:
    found = scores(ask(toys, json.dumps(document).encode()))
    assert found == pytest.approx([expected({"colour": "red", "size": 1})], abs=1e-6)


@pytest.mark.parametrize("form", ["instances", "inputs", "dataframe_records"])
def test_no_rows(toys: Model, form: str) -> None:
    assert scores(ask(toys, body(**{form: []}))) == []
    assert scores(ask(toys, body(dataframe_split={"columns": NAMES, "data": []}))) == []


def test_mlflows_nan_is_a_missing_value(toys: Model) -> None:
    """Its client writes a frame's missing values so; elsewhere NaN is refused, because JSON has none."""
    row = ROW | {"weight": float("nan"), "shape": float("nan")}
    frame = {"columns": list(row), "data": [list(row.values())]}
    known = pytest.approx([expected(ROW | {"weight": None, "shape": None})], abs=1e-6)
    assert scores(ask(toys, body(dataframe_split=frame))) == known
    assert scores(ask(toys, body(dataframe_records=[row]))) == known
    assert scores(ask(toys, body(inputs=[row]))) == known
    assert error(ask(toys, body(instances=[row])))["status"] == 400
    fault = error(ask(toys, body(dataframe_records=[ROW | {"size": float("nan")}])))
    assert (fault["field"], fault["given"]) == ("size", "NaN, which JSON does not have")


@pytest.mark.parametrize(
    ("document", "part"),
    [
        ({"instances": [[1, 2]]}, "a list of 2, expected an object"),
        ({"instances": 7}, "the number 7"),
        ({"instances": {}}, "an object without features"),
        ({"instances": [], "inputs": []}, 'Beside "instances" there is "inputs"'),
        (
            {"inputs": {"colour": ["red", "red"], "size": [1]}},
            '"colour" is a list of 2, "size" is a list of 1',
        ),
        ({"inputs": {"colour": "red", "size": [1]}}, '"size" is a list of 1, "colour" is the text'),
        ({"inputs": {"colour": ["red"], "height": [1]}}, '"height"'),
        ({"dataframe_records": {"colour": ["red"]}}, "an object"),
        ({"dataframe_split": [1]}, "a list of 1"),
        ({"dataframe_split": {"data": [[1]]}}, '"columns"'),
        ({"dataframe_split": {"columns": NAMES, "data": 5}}, '"data" has to be a list'),
        ({"dataframe_split": {"columns": "colour", "data": []}}, '"columns" has to be a list'),
        ({"dataframe_split": {"columns": [1], "data": []}}, '"columns" has to be a list of names'),
        (
            {"dataframe_split": {"columns": ["size", math.nan], "data": [[1, 2]]}},
            '"columns" has to be a list',
        ),
        ({"dataframe_split": {"columns": ["size", "size"], "data": []}}, '"size" twice'),
        ({"dataframe_split": {"columns": NAMES, "data": [["red"]]}}, "row 0"),
        ({"dataframe_split": {"columns": NAMES, "data": [ROW]}}, "a list of 4"),
        ({"dataframe_split": {"columns": NAMES, "data": [CELLS[0], [*CELLS[0], 1]]}}, "a list of 5"),
        ({"dataframe_split": {"columns": NAMES, "data": [], "dtypes": []}}, '"dtypes"'),
        ({"dataframe_split": {"columns": ["size"], "data": [[1]]}}, "colour"),
        ({"dataframe_split": SOME, "params": {"threshold": 0.5}}, '"params" has to be empty'),
    ],
    ids=range(21),
)
def test_a_wrong_form_says_what_is_wrong(toys: Model, document: dict, part: str) -> None:
    fault = error(ask(toys, json.dumps(document).encode()))
    assert fault["status"] == 400
    assert part in fault["message"]


@pytest.mark.parametrize(
    "text",
    [
        '{"inputs": {"colour": ["red"], "size": [1], "size": [2]}}',
        '{"dataframe_split": {"columns": ["colour", "size"], "data": [["red", 1]], "data": []}}',
        '{"dataframe_split": {"columns": [], "columns": ["colour", "size"], "data": [["red", 1]]}}',
        '{"dataframe_records": [{"colour": "red", "size": 1, "size": 2}]}',
        '{"colour": "red", "size": 1, "size": 2}',
        '{"colour": "red", "shape": "round", "size": 1, "weight": 2, "size": 2}',
        '{"inputs": {"colour": ["red"], "shape": [null], "size": [1], "weight": [2], "size": [2]}}',
    ],
)
def test_a_key_given_twice(toys: Model, text: str) -> None:
    assert "tw" in error(ask(toys, text.encode()))["message"]


def test_a_feature_may_be_called_like_a_form() -> None:
    """Then that key is the feature."""
    features = [SCHEMA["features"][2] | {"name": "inputs"}]
    schema = parse_schema(json.dumps(SCHEMA | {"features": features}).encode())
    for text in ('{"inputs": 3}', '{"instances": [{"inputs": 3}]}', '{"inputs": 3 }'):
        assert merged([JsonRows(schema).columns(text.encode())]).numbers.tolist() == [[3.0]]


def test_a_body_of_too_many_values(toys: Model) -> None:
    fault = error(ask(toys, b'{"inputs": {"size": [' + b"1," * 10_000_001 + b"1]}}"))
    assert (fault["status"], fault["code"]) == (400, "too_many_values")


@pytest.mark.parametrize(
    "text",
    [
        '{"dataframe_split": {"columns": ["colour", "size", "weight"], "data": [["red", 1, NaN]]}}',
        '{"dataframe_split": {"columns": ["colour", "size", "weight"], "data": [["a NaN, b", 1, NaN]]}}',
        '{"dataframe_split": {"columns": ["colour", "size", "weight"], "data": [["\\"", 1, NaN]]}}',
        '{"inputs": {"colour": ["NaN"], "shape": [NaN], "size": [1], "weight": [NaN]}}',
    ],
)
def test_nan_in_a_text_is_that_text(text: str) -> None:
    schema = parse_schema(json.dumps(SCHEMA).encode())
    [quick, careful] = [
        merged([JsonRows(schema).columns(text.encode())]),
        careful_columns(text.encode(), schema),
    ]
    np.testing.assert_array_equal(quick.numbers, careful.numbers)
    np.testing.assert_array_equal(quick.categories, careful.categories)


_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["red", ":", '"'])
_TABLE = st.fixed_dictionaries(
    {
        "columns": st.permutations(NAMES) | st.lists(st.sampled_from([*NAMES, "other"]), max_size=5),
        "data": st.lists(st.lists(_VALUE, min_size=3, max_size=5), max_size=3)
        | st.lists(st.tuples(st.text(max_size=2), st.none(), st.integers(0, 9), st.none()), max_size=3),
    },
    optional={"index": st.lists(st.integers(0, 3) | st.just("a:b"), max_size=3) | st.none()},
)


def _outcome(decode: Callable[[bytes], Any], text: bytes) -> Columns | Fault:
    try:
        return merged([decode(text)])
    except RequestError as refusal:
        return refusal.fault


_LISTS = st.fixed_dictionaries(
    {
        "colour": st.lists(st.text(max_size=2), min_size=1, max_size=2),
        "shape": st.lists(st.none() | st.just(float("nan")), min_size=1, max_size=2),
        "size": st.lists(st.floats(0, 9) | _VALUE, min_size=1, max_size=2),
        "weight": st.lists(st.none() | st.floats(), min_size=1, max_size=2),
    }
)


@examples(4)
@given(
    st.tuples(st.just("dataframe_split"), _TABLE)
    | st.tuples(st.sampled_from(["inputs", "instances"]), _LISTS)
)
def test_the_quick_way_and_the_careful_way_agree(document: tuple[str, dict]) -> None:
    schema = parse_schema(json.dumps(SCHEMA).encode())
    text = body(**dict([document]))
    quick = _outcome(JsonRows(schema).columns, text)
    careful = _outcome(lambda text: careful_columns(text, schema), text)
    if isinstance(careful, Columns) and isinstance(quick, Columns):
        np.testing.assert_array_equal(quick.numbers, careful.numbers)
        np.testing.assert_array_equal(quick.categories, careful.categories)
    else:
        assert quick == careful
