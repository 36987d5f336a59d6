"""One wrong row of a batch refused alone, when the caller asks for it."""

import io
import json
import time
from typing import Any

import numpy as np
import pytest

from model.serving.answers import Answer
from model.serving.predictor import Model
from tests.model.serving.asking import ask, error
from tests.model.serving.examples import OTHER, ROW, expected, instances
from tests.model.serving.test_json_lines import lines
from tests.model.serving.test_npy_requests import npy

WRONG = ROW | {"size": "x"}
ATTRIBUTES = "invalid-rows=null"
KNOWN = [expected(ROW), None, expected(OTHER)]


def _ask(model: Model, body: bytes, attributes: str = ATTRIBUTES, **headers: str) -> Answer:
    return ask(model, body, **{"x_amzn_sagemaker_custom_attributes": attributes} | headers)


def _approx(found: list[Any]) -> list[Any]:
    return [None if score is None else pytest.approx(score, abs=1e-6) for score in found]


FORMS: dict[str, Any] = {
    "instances": [ROW, WRONG, OTHER],
    "inputs": {name: [row[name] for row in (ROW, WRONG, OTHER)] for name in ROW},
    "dataframe_records": [ROW, WRONG, OTHER],
    "dataframe_split": {"columns": list(ROW), "data": [list(row.values()) for row in (ROW, WRONG, OTHER)]},
}


@pytest.mark.parametrize("form", FORMS)
def test_json(toys: Model, form: str) -> None:
    answer = _ask(toys, json.dumps({form: FORMS[form]}).encode())
    told = json.loads(answer.body)
    assert answer.status == 200
    assert told["predictions"] == _approx(KNOWN)
    assert told["refused_rows"] == 1
    assert told["errors"] == [
        {
            "code": "invalid_field",
            "row": 1,
            "field": "size",
            "given": 'the text "x"',
            "expected": "a finite number (float32)",
            "message": 'In row 1, field "size" (rows count from 0): given the text "x", '
            "expected a finite number (float32).",
        }
    ]
    assert answer.headers == "X-Amzn-SageMaker-Custom-Attributes: refused-rows=1; first=1\r\n"


def test_those_who_count_are_told(toys: Model) -> None:
    answer = _ask(toys, instances(ROW, WRONG, OTHER))
    assert answer.scores == pytest.approx([expected(ROW), expected(OTHER)], abs=1e-6)
    assert answer.refused_rows == 1
    assert _ask(toys, instances(ROW)).refused_rows == 0


def test_all_rows_wrong(toys: Model) -> None:
    answer = _ask(toys, instances(WRONG, 5))
    assert json.loads(answer.body)["predictions"] == [None, None]
    assert (answer.scores, answer.refused_rows) == ([], 2)


def test_nothing_wrong_is_the_same_as_not_asking(toys: Model) -> None:
    assert _ask(toys, instances(ROW, OTHER)) == ask(toys, instances(ROW, OTHER))


def test_only_the_first_are_told_and_all_are_counted(toys: Model) -> None:
    answer = _ask(toys, instances(*[ROW, WRONG] * 300))
    told = json.loads(answer.body)
    assert [fault["row"] for fault in told["errors"]] == list(range(1, 201, 2))
    assert told["refused_rows"] == answer.refused_rows == 300
    assert "refused-rows=300; first=1 3 5 7 9 11 13 15 17 19\r\n" in answer.headers


def test_json_lines(toys: Model) -> None:
    body = lines(ROW) + b"{nonsense\n" + lines(OTHER, WRONG)
    answer = _ask(toys, body, content_type="application/jsonlines")
    assert [json.loads(line) for line in answer.body.splitlines()] == _approx([*KNOWN, None])
    assert "refused-rows=2; first=1 3\r\n" in answer.headers


def test_csv(toys: Model) -> None:
    body = "colour,size,weight\nred,3,1.5\nred,x,\n,1,\nred,1\ngrößer,-2.25,\n".encode()
    answer = _ask(toys, body, content_type="text/csv")
    first, *wrong, last, end = answer.body.decode().split("\n")
    assert (wrong, end) == (["", "", ""], "")
    assert [float(first), float(last)] == pytest.approx(
        [expected(ROW | {"shape": ""}), expected(OTHER)], abs=1e-6
    )
    assert "refused-rows=3; first=1 2 3\r\n" in answer.headers
    told = json.loads(_ask(toys, body, content_type="text/csv", accept="application/json").body)
    given = [(fault["row"], fault.get("field"), fault["given"]) for fault in told["errors"]]
    assert given == [(1, "size", 'the text "x"'), (2, "colour", "an empty cell"), (3, None, "2 cells")]


def test_npy(toys: Model) -> None:
    table = np.array([("red", 3), ("red", np.nan), ("red", np.inf)], [("colour", "U6"), ("size", "f8")])
    answer = _ask(toys, npy(table), content_type="application/x-npy")
    found = np.load(io.BytesIO(answer.body))
    assert np.isnan(found).tolist() == [False, True, True]
    assert "refused-rows=2; first=1 2\r\n" in answer.headers


@pytest.mark.parametrize(
    "attributes", ["a=b; invalid-rows=null", "Invalid-Rows = NULL ,c=d", "x,invalid-rows=null"]
)
def test_other_attributes_are_none_of_ours(toys: Model, attributes: str) -> None:
    assert _ask(toys, instances(WRONG), attributes).status == 200


@pytest.mark.parametrize(
    "attributes", ["", "invalid-rows=refuse", "t=invalid-rows-null", "invalid-rows2=null"]
)
def test_not_asked_for(toys: Model, attributes: str) -> None:
    assert error(_ask(toys, instances(ROW, WRONG), attributes))["row"] == 1


def test_a_wish_nobody_knows(toys: Model) -> None:
    fault = error(_ask(toys, instances(ROW), "invalid-rows=drop"))
    assert (fault["status"], fault["code"]) == (400, "invalid_attribute")


@pytest.mark.parametrize("body", [b"nonsense", b'{"instances": 5}', b'{"dataframe_split": {}}'])
def test_a_wrong_request_is_refused_as_a_whole(toys: Model, body: bytes) -> None:
    assert error(_ask(toys, body))["status"] == 400


def test_the_first_are_told_whatever_is_wrong_with_them(toys: Model) -> None:
    """A line that is no JSON and a line with a wrong value are told in their order."""
    body = (lines(WRONG) + b"{nonsense\n") * 100
    answer = _ask(toys, body, content_type="application/jsonlines", accept="application/json")
    told = json.loads(answer.body)
    assert [fault["row"] for fault in told["errors"]] == list(range(100))
    assert {fault["code"] for fault in told["errors"]} == {"invalid_field", "invalid_json"}
    assert answer.refused_rows == 200


def test_many_wrong_rows_are_counted_without_words(toys: Model) -> None:
    """Finding words for a row, such as a name that resembles its own, takes longer than refusing it."""
    body = instances(*[{"colour": "red", "sise": 1}] * 20_000)
    begun = time.process_time()
    assert _ask(toys, body).refused_rows == 20_000
    assert time.process_time() - begun < 2


def test_a_body_that_is_no_json_lines_at_all(toys: Model) -> None:
    fault = error(_ask(toys, b"x\n" * 900_000, content_type="application/jsonlines"))
    assert (fault["code"], fault["message"][:40]) == (
        "invalid_json",
        "More than 10000 lines are not JSON. Row ",
    )
