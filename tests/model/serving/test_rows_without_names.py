"""Rows without names, in the schema's order: CSV without a header, lists under `instances`, plain arrays."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.errors import Fault, RequestError
from model.serving.formats.csv_rows import BLOCK_ROWS
from model.serving.formats.json_faults import careful_columns
from model.serving.formats.json_rows import JsonRows
from model.serving.formats.unnamed import UNNAMED_REFUSED
from model.serving.models.columns import Columns, merged
from model.serving.models.schema import Schema, parse_schema
from model.serving.predictor import Model
from tests.model.serving.asking import ask, ask_csv, error, load_model, scores
from tests.model.serving.examples import OTHER, ROW, SCHEMA, UNSEEN, expected, instances

ROWS = [ROW, OTHER, UNSEEN]
KNOWN = pytest.approx([expected(row) for row in ROWS], abs=1e-6)
TEXT = "red,round,3,1.5\ngrößer,,-2.25,\nmauve: pale,flat,1e6,0\n"
HEADER = "colour,shape,size,weight\n"
LISTS = [list(row.values()) for row in ROWS]
SCHEMA_READ = parse_schema(json.dumps(SCHEMA).encode())
NUMBERS = parse_schema(
    json.dumps(SCHEMA | {"features": [SCHEMA["features"][2], SCHEMA["features"][3]]}).encode()
)


@pytest.fixture(scope="module")
def strict(artifact: Path) -> Model:
    """The small model where rows without names are refused."""
    return load_model(artifact, unnamed=False)


def _csv(model: Model, text: str, content_type: str = "text/csv", **headers: str) -> list[float]:
    answer = ask_csv(model, text.encode(), content_type=content_type, **headers)
    assert answer.status == 200, answer
    assert answer.media == content_type.partition(";")[0].strip().lower()
    return [float(line) for line in answer.body.decode().splitlines()]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/csv",
        "text/csv; header=absent",
        "text/csv;header=absent",
        'text/csv; header="absent"',
        "Text/CSV; charset=utf-8; Header=ABSENT",
        "text/csv; header=absent; charset=utf-8",
        "application/csv; header=absent",
        "text/csv; label_size=0",
        "text/csv; label_size=0; header=absent",
    ],
)
@pytest.mark.parametrize(
    "text",
    [TEXT, TEXT.rstrip(), TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT, "\n" + TEXT.replace("\n", "\n\n")],
    ids=["plain", "no last newline", "CRLF", "byte order mark", "blank lines"],
)
def test_csv_without_a_header(toys: Model, content_type: str, text: str) -> None:
    assert _csv(toys, text, content_type) == KNOWN


@pytest.mark.parametrize("content_type", ["text/csv", "text/csv; header=present", "application/csv"])
def test_a_header_is_still_one(toys: Model, strict: Model, content_type: str) -> None:
    for model in (toys, strict):
        assert _csv(model, HEADER + TEXT, content_type) == KNOWN
        assert _csv(model, "size,colour\n3,red\n", content_type) == pytest.approx(
            [expected({"colour": "red", "size": 3})], abs=1e-6
        )


def test_a_single_row(toys: Model) -> None:
    """What SageMaker's CSV serializer makes of a list of values."""
    assert _csv(toys, "red,round,3,1.5") == pytest.approx([expected(ROW)], abs=1e-6)


def test_the_answer_may_have_another_format(toys: Model) -> None:
    answer = ask_csv(toys, TEXT.encode(), content_type="text/csv; header=absent", accept="application/json")
    assert scores(answer) == KNOWN


@pytest.mark.parametrize(
    ("text", "content_type", "parts"),
    [
        ("red,round,3\n", "text/csv", ["first line", "4 cells", "has 3"]),
        ("1,red,round,3,1.5\n", "text/csv", ["first line", "4 cells", "has 5"]),
        ("red,round,3\n", "text/csv; header=absent", ["row 0", "3 cells", "4 cells, one for each feature"]),
        (TEXT + "red,round\n", "text/csv", ["row 3", "2 cells", "rows count from 0)"]),
        (TEXT + "red,round,x,1\n", "text/csv", ['row 3, field "size"', 'the text "x"']),
        (TEXT, "text/csv; header=present", ["first line has to name the features"]),
        (HEADER + TEXT, "text/csv; header=absent", ['row 0, field "size"', 'the text "size"']),
        ("Colour,Shape,Size,Weight\n" + TEXT, "text/csv", ["row 0", '"Size"', "misspelt header"]),
        ("size,round,3,1.5\n", "text/csv", ["header=absent"]),
        ("size,round,3,1.5\n", "text/csv; header=present", ["unknown column"]),
        ("\n\n", "text/csv; header=absent", ["empty"]),
    ],
    ids=range(11),
)
def test_what_does_not_fit_says_why(toys: Model, text: str, content_type: str, parts: list[str]) -> None:
    fault = error(ask_csv(toys, text.encode(), content_type=content_type))
    assert fault["status"] == 400
    for part in parts:
        assert part in fault["message"]


def test_a_row_that_holds_a_features_name(toys: Model) -> None:
    """Only the sender can say that it is none of a header."""
    found = _csv(toys, "size,round,3,1.5\n", "text/csv; header=absent")
    assert found == pytest.approx([expected(ROW | {"colour": "size"})], abs=1e-6)


@pytest.mark.parametrize("told", ["maybe", "", "true", "0", "Absent!"])
def test_another_header_is_refused(toys: Model, told: str) -> None:
    fault = error(ask_csv(toys, TEXT.encode(), content_type=f"text/csv; header={told}"))
    assert fault["status"] == 415
    assert "present or absent" in fault["message"]


@pytest.mark.parametrize("size", ["1", "2", "", "-1", "x"])
def test_rows_have_no_label(toys: Model, size: str) -> None:
    """What SageMaker's own algorithms take for training: here the first cell would be a feature."""
    fault = error(ask_csv(toys, TEXT.encode(), content_type=f"text/csv; label_size={size}"))
    assert fault["status"] == 415
    assert "label_size" in fault["message"]


@pytest.mark.parametrize("row", [0, BLOCK_ROWS - 1, BLOCK_ROWS, 2 * BLOCK_ROWS + 7])
def test_rows_are_counted_from_the_first_line(toys: Model, row: int) -> None:
    right = [f"red,round,{number},1.5" for number in range(2 * BLOCK_ROWS + 9)]
    assert _csv(toys, "\n".join(right)) == pytest.approx(
        [expected(ROW | {"size": number}) for number in range(len(right))], abs=1e-6
    )
    for wrong, field in (("red,round,x,1", "size"), (",round,1,1", "colour"), ("red", None)):
        body = "\n".join([*right[:row], wrong, *right[row + 1 :]]).encode()
        absent = "text/csv; header=absent"
        fault = error(ask_csv(toys, body, content_type=absent))
        assert (fault["row"], fault.get("field")) == (row, field)
        alone = ask_csv(
            toys, body, content_type=absent, x_amzn_sagemaker_custom_attributes="invalid-rows=null"
        )
        assert [number for number, line in enumerate(alone.body.splitlines()) if not line] == [row]


def test_lists_under_instances(toys: Model) -> None:
    assert scores(ask(toys, instances(*LISTS))) == KNOWN
    assert scores(ask(toys, b' {\n "instances" : [\n [' + instances(*LISTS).partition(b"[[")[2])) == KNOWN
    assert scores(ask(toys, instances(ROW, LISTS[1], UNSEEN))) == KNOWN
    assert scores(ask(toys, instances(LISTS[0], OTHER, UNSEEN))) == KNOWN


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        (["red", "round", 3], ["row 1", "a list of 3", "a list of 4 in the schema's order"]),
        (["red", "round", 3, 1.5, 0], ["row 1", "a list of 5"]),
        ([], ["row 1", "a list of 0"]),
        (["red", "round", "3", 1.5], ['row 1, field "size"', 'the text "3"']),
        ([3, "round", "red", 1.5], ['row 1, field "colour"', "the number 3"]),
        (["red", None, None, 1.5], ['row 1, field "size"', "null"]),
        (["red", None, True, 1.5], ["the boolean true"]),
        (["red", None, 1, float("nan")], ["NaN, which JSON does not have"]),
        ([["red", None, 1, 1]], ["row 1", "a list of 1"]),
        ("red,round,3,1.5", ["row 1", "the text"]),
    ],
    ids=range(10),
)
def test_a_wrong_list_is_named(toys: Model, row: Any, parts: list[str]) -> None:
    fault = error(ask(toys, instances(LISTS[0], row)))
    for part in parts:
        assert part in fault["message"]


@pytest.mark.parametrize("form", ["inputs", "dataframe_records"])
def test_mlflows_forms_take_no_lists(toys: Model, form: str) -> None:
    """MLflow refuses them as well."""
    assert "expected an object" in error(ask(toys, json.dumps({form: LISTS}).encode()))["message"]


def test_instances_of_lists_given_twice(toys: Model) -> None:
    text = json.dumps(LISTS)
    body = f'{{"instances": {text}, "instances": {text}}}'.encode()
    assert "twice" in error(ask(toys, body))["message"]


def test_a_server_may_refuse_them(strict: Model) -> None:
    for content_type in ("text/csv", "text/csv; header=absent", "application/csv; header=absent"):
        fault = error(ask_csv(strict, TEXT.encode(), content_type=content_type))
        assert fault["status"] == 400
        assert UNNAMED_REFUSED in fault["message"]
    fault = error(ask(strict, instances(ROW, LISTS[1])))
    assert (fault["status"], fault["row"]) == (400, 1)
    assert UNNAMED_REFUSED in fault["message"]
    assert scores(ask(strict, instances(*ROWS))) == KNOWN


def test_a_server_may_refuse_plain_arrays(tmp_path: Path) -> None:
    from model.serving.formats.npy_rows import NpyRows

    body = io.BytesIO()
    np.save(body, np.array([[3.0, 1.5]]))
    assert NpyRows(NUMBERS).columns(body.getvalue()).numbers.tolist() == [[3.0], [1.5]]
    with pytest.raises(RequestError, match="SLIPWAY_ROWS_WITHOUT_NAMES=refuse"):
        NpyRows(NUMBERS, unnamed=False).columns(body.getvalue())


_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["red", ":", '"', "[["])
_LIST = st.lists(_VALUE, min_size=3, max_size=5) | st.tuples(
    st.text(max_size=2), st.none() | st.text(max_size=2), st.integers(0, 9), st.none() | st.floats(0, 9)
)


def _outcome(decode: Any, body: bytes) -> Columns | Fault:
    try:
        return merged([decode(body)])
    except RequestError as refusal:
        return refusal.fault


@given(st.lists(_LIST | st.just(ROW), max_size=3), st.booleans())
def test_the_quick_way_and_the_careful_way_agree(rows: list[Any], unnamed: bool) -> None:
    schema: Schema = SCHEMA_READ
    body = json.dumps({"instances": rows}).encode()
    quick = _outcome(JsonRows(schema, unnamed).columns, body)
    careful = _outcome(lambda body: careful_columns(body, schema, None, unnamed), body)
    if isinstance(careful, Columns) and isinstance(quick, Columns):
        np.testing.assert_array_equal(quick.numbers, careful.numbers)
        np.testing.assert_array_equal(quick.categories, careful.categories)
    else:
        assert quick == careful
