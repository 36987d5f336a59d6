"""Scores over the Open Inference Protocol: what is answered, and how exactly a wrong request is refused."""

import gzip
import json
from typing import Any

import pytest

from model.serving.application import Application
from tests.model.serving.examples import OTHER, ROW, UNSEEN, expected
from tests.model.serving.open_inference.asking import (
    INFER,
    ask,
    binary,
    binary_scores,
    error,
    infer,
    inputs,
    scores,
)

ROWS: list[list[dict[str, Any]]] = [[ROW], [OTHER], [UNSEEN], [ROW, OTHER, UNSEEN], [ROW, OTHER] * 100]


def _wanted(rows: list[dict[str, Any]]) -> Any:
    return pytest.approx([expected(row) for row in rows], abs=1e-6)


@pytest.mark.parametrize("rows", ROWS, ids=lambda rows: str(len(rows)))
def test_scores_are_the_models_arithmetic(v2: Application, rows: list[dict[str, Any]]) -> None:
    assert scores(infer(v2, inputs(*rows))) == _wanted(rows)


@pytest.mark.parametrize("rows", ROWS, ids=lambda rows: str(len(rows)))
def test_binary_scores_are_the_same(v2: Application, rows: list[dict[str, Any]]) -> None:
    """A missing number is NaN there, a missing text an empty one."""
    tensors = inputs(*rows)
    for tensor in tensors:
        missing = "" if tensor["datatype"] == "BYTES" else float("nan")
        tensor["data"] = [missing if value is None else value for value in tensor["data"]]
    assert scores(binary(v2, tensors)) == _wanted(rows)
    answer = binary(v2, tensors, parameters={"binary_data_output": True})
    assert binary_scores(answer) == _wanted(rows)


def test_no_rows_no_scores(v2: Application) -> None:
    tensors = [tensor | {"shape": [0, 1], "data": []} for tensor in inputs(ROW)]
    assert scores(infer(v2, tensors)) == []
    assert scores(binary(v2, tensors)) == []


@pytest.mark.parametrize(
    ("path", "factor"),
    [
        ("toys", 1),
        ("toys/versions/1", 1),
        ("toys/versions/2", 0.5),
        ("toys/versions/10", 0.25),
        ("%74oys", 1),
    ],
)
def test_each_version_answers_for_itself(v2: Application, path: str, factor: float) -> None:
    answer = infer(v2, inputs(ROW), f"/v2/models/{path}/infer")
    assert scores(answer) == pytest.approx([factor * expected(ROW)], abs=1e-6)
    told = json.loads(answer.body)
    assert told["model_name"] == "toys"
    assert told["model_version"] == (path.rpartition("/")[2] if "/" in path else "1")


def test_another_model_reads_its_own_features(v2: Application) -> None:
    tensors = [tensor for tensor in inputs(ROW) if tensor["name"] != "shape"]
    found = scores(infer(v2, tensors, "/v2/models/plain/infer"))
    assert found == pytest.approx([0.5 * expected(ROW | {"shape": ""})], abs=1e-6)
    told = error(infer(v2, inputs(ROW), "/v2/models/plain/infer"))
    assert (told["status"], told["field"]) == (400, "shape")


@pytest.mark.parametrize("shape", [[2], [2, 1]], ids=str)
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("size", ["FP32", "FP64", "INT8", "INT16", "INT32", "INT64"])
def test_ways_to_write_a_tensor(v2: Application, shape: list[int], nested: bool, size: str) -> None:
    rows = [ROW, {"colour": "red", "shape": None, "size": -7, "weight": None}]
    tensors = [tensor | {"shape": shape} for tensor in inputs(*rows, size=size, weight=size)]
    for tensor in tensors:
        if size.startswith("INT") and tensor["name"] == "weight":
            tensor["data"] = [2, None]
        if nested:
            tensor["data"] = [[value] for value in tensor["data"]]
    rows[0] = rows[0] | {"weight": 2 if size.startswith("INT") else ROW["weight"]}
    assert scores(infer(v2, tensors)) == _wanted(rows)


@pytest.mark.parametrize("size", ["UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT64", "FP64"])
def test_binary_datatypes(v2: Application, size: str) -> None:
    rows = [ROW | {"size": 3, "weight": 7}, ROW | {"size": 100, "weight": 0}]
    assert scores(binary(v2, inputs(*rows, size=size, weight=size))) == _wanted(rows)


def test_a_nullable_input_may_be_left_out_and_the_order_is_free(v2: Application) -> None:
    rows = [{"size": 1, "colour": "green"}, {"size": 2, "colour": "red"}]
    for count in (1, 2):
        assert scores(infer(v2, inputs(*rows[:count]))) == _wanted(rows[:count])
        assert scores(binary(v2, inputs(*rows[:count]))) == _wanted(rows[:count])


def test_the_id_comes_back_and_other_members_are_ignored(v2: Application) -> None:
    parameters = {"content_type": "pd", "headers": {"a:b": [1, {}]}}
    answer = infer(v2, inputs(ROW), id='7: "ü"', parameters=parameters, model_name="x", outputs=[])
    assert json.loads(answer.body)["id"] == '7: "ü"'
    assert scores(answer) == _wanted([ROW])
    assert "id" not in json.loads(infer(v2, inputs(ROW), id=None, outputs=None, parameters=None).body)


def test_outputs(v2: Application) -> None:
    named = {"name": "likely"}
    wanted = _wanted([ROW])
    assert scores(infer(v2, inputs(ROW), outputs=[named])) == wanted
    asked = named | {"parameters": {"binary_data": True}}
    assert binary_scores(infer(v2, inputs(ROW), outputs=[asked])) == wanted
    as_bytes = {"binary_data_output": True}
    assert binary_scores(infer(v2, inputs(ROW), outputs=[named], parameters=as_bytes)) == wanted
    asked = named | {"parameters": {"binary_data": False}}
    assert scores(infer(v2, inputs(ROW), outputs=[asked], parameters=as_bytes)) == wanted


@pytest.mark.parametrize(
    ("members", "part"),
    [
        ({"outputs": [{"name": "likly"}]}, 'no output "likly" (did you mean "likely"?)'),
        ({"outputs": [{"name": "x"}]}, 'there is "likely"'),
        ({"outputs": [{"name": "likely"}] * 2}, "2 outputs"),
        ({"outputs": [{"name": "likely", "parameters": {"classification": 3}}]}, "classification"),
        ({"outputs": [{"name": "likely", "parameters": {"binary_data": 1}}]}, '"binary_data"'),
        ({"outputs": ["likely"]}, "outputs[0] has to be an object"),
        ({"outputs": {}}, '"outputs" has to be a list'),
        ({"parameters": {"binary_data_output": "yes"}}, '"binary_data_output" has to be true or false'),
        ({"parameters": []}, "$.parameters"),
        ({"id": 5}, "$.id"),
    ],
    ids=range(10),
)
def test_a_wrong_member_is_named(v2: Application, members: dict[str, Any], part: str) -> None:
    told = error(infer(v2, inputs(ROW), **members))
    assert told["status"] == 400
    assert part in told["error"]


WRONG_TENSORS = [
    ({"name": "sise"}, "sise", 'an unknown input (did you mean "size"?)', None),
    ({"name": "weight"}, "weight", "two inputs of this name", None),
    ({"shape": [3]}, "size", "shape [3]", 'shape [2, 1] or [2], as input "colour" has them'),
    ({"shape": [1, 2]}, "size", "shape [1, 2]", None),
    ({"shape": [2, 1, 1]}, "size", "shape [2, 1, 1]", None),
    ({"shape": []}, "size", "shape []", None),
    ({"shape": [-1, 1]}, "size", "a shape with the number -1", None),
    ({"shape": [2.5]}, "size", "a shape with the number 2.5", None),
    ({"datatype": "BYTES"}, "size", 'datatype the text "BYTES"', None),
    ({"datatype": "BOOL"}, "size", 'datatype the text "BOOL"', None),
    ({"datatype": "FP16"}, "size", 'datatype the text "FP16"', None),
    ({"data": [1.0]}, "size", "1 values", "2 for shape [2, 1]"),
    ({"data": [1.0, 2.0, 3.0]}, "size", "3 values", "2 for shape [2, 1]"),
    ({"data": [[1.0, 2.0]]}, "size", "data in lists", None),
    ({"data": [[1.0], 2.0]}, "size", "data in lists", None),
    ({"data": None}, "size", "no data", None),
    ({"parameters": {"content_type": "base64"}}, "size", 'content_type the text "base64"', None),
    ({"parameters": {"binary_data_size": 8}}, "size", '"data" and binary_data_size', None),
]


@pytest.mark.parametrize(("change", "name", "given", "wanted"), WRONG_TENSORS, ids=range(len(WRONG_TENSORS)))
def test_a_wrong_tensor_is_named(
    v2: Application, change: dict[str, Any], name: str, given: str, wanted: str | None
) -> None:
    tensors = inputs(ROW, OTHER)
    tensors[2] |= change
    told = error(infer(v2, tensors))
    assert (told["status"], told["code"], told["field"], told["given"]) == (
        400,
        "invalid_tensor",
        name,
        given,
    )
    assert wanted is None or told["expected"] == wanted
    for part in (name, given, told["expected"]):
        assert part in told["error"]


WRONG_VALUES = [
    ("colour", 5, "the number 5"),
    ("colour", None, "null"),
    ("colour", True, "the boolean true"),
    ("shape", 5, "the number 5"),
    ("size", "3", 'the text "3"'),
    ("size", None, "null"),
    ("size", True, "the boolean true"),
    ("size", {}, "an object"),
    ("size", [[1]], "a list of 1"),
    ("size", 1e39, "the number 1e+39"),
    ("weight", -1e39, "the number -1e+39"),
    ("size", float("nan"), "null"),
    ("colour", float("nan"), "null"),
    ("weight", float("inf"), "Infinity, which JSON does not have"),
    ("colour", "\ud800", 'the text "\\ud800"'),
]


@pytest.mark.parametrize(("name", "value", "given"), WRONG_VALUES, ids=range(len(WRONG_VALUES)))
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_wrong_value_is_named(v2: Application, name: str, value: Any, given: str, before: int) -> None:
    told = error(infer(v2, inputs(*[ROW] * before, ROW | {name: value})))
    assert (told["status"], told["code"]) == (400, "invalid_field")
    assert (told["row"], told["field"], told["given"]) == (before, name, given)
    for part in (f"row {before}", name, given, told["expected"]):
        assert part in told["error"]


@pytest.mark.parametrize(
    ("datatype", "value"), [("INT8", 1.5), ("INT8", 128), ("UINT8", -1), ("INT64", 1e30)]
)
def test_a_whole_number_has_the_datatypes_range(v2: Application, datatype: str, value: float) -> None:
    told = error(infer(v2, inputs(ROW, ROW | {"size": value}, size=datatype)))
    assert (told["row"], told["field"]) == (1, "size")
    assert told["expected"] == f"a whole number of {datatype}"


def test_an_input_given_twice_for_a_single_row(v2: Application) -> None:
    again = {"name": "size", "shape": [1, 1], "datatype": "FP32", "data": [4]}
    told = error(infer(v2, [*inputs(ROW), again]))
    assert (told["field"], told["given"]) == ("size", "two inputs of this name")


def test_a_missing_input_is_named(v2: Application) -> None:
    told = error(infer(v2, inputs({"colour": "red"})))
    assert (told["field"], told["given"]) == ("size", "nothing")


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "empty"),
        (b"not json", "line 1, column 1"),
        (b"[1, 2]", "a list of 2"),
        (b"{}", 'no "inputs"'),
        (b'{"inputs": {}}', "an object"),
        (b'{"inputs": []}', '"colour"'),
        (b'{"inputs": [7]}', "inputs[0] has to be an object, given the number 7"),
        (b'{"inputs": [{}]}', "inputs[0]: the name has to be a text, given nothing"),
        (b'{"inputs": [{"name": "size"}]}', "shape"),
        (b'{"inputs": [{"name": "size", "shape": [1], "datatype": 5}]}', "datatype"),
        (b'{"inputs": [], "inputs": []}', '"inputs" is given twice'),
        (
            b'{"inputs": [{"name": "a", "name": "a", "shape": [1], "datatype": "FP32"}]}',
            '"name" is given twice',
        ),
        (b'{"inputs": [{"name": "\xff"}]}', "byte 22"),
        (b'{"inputs": ' + b"[" * 100_000, "nested"),
        (b'{"inputs": [' + b"[]," * 600_000 + b"[]]}", "500000"),
        (b'{"inputs": [{"name": "size", "shape": [' + b"9" * 4000 + b"]}]}", "size"),
        (
            b'{"inputs": [{"name": "size", "shape": [1], "datatype": "FP32", "parameters": '
            b'{"binary_data_size": ' + b"9" * 4000 + b"}}]}",
            "",
        ),
        (b'{"inputs": [{"name": "colour", "shape": [1000001], "datatype": "BYTES", "data": []}]}', "size"),
    ],
    ids=range(18),
)
def test_a_wrong_body_says_where(v2: Application, body: bytes, part: str) -> None:
    told = error(ask(v2, "POST", INFER, body))
    assert told["status"] == 400
    assert part in told["error"]


def test_a_key_given_twice_is_refused(v2: Application) -> None:
    body = json.dumps({"inputs": inputs(ROW)})
    twice = body.replace('"data": [3]', '"data": [3], "data": [4]')
    assert twice != body
    told = error(ask(v2, "POST", INFER, twice.encode()))
    assert '"data" is given twice' in told["error"]


def test_more_rows_than_a_request_may_have(v2: Application) -> None:
    """Nothing is made for rows that are only claimed: this takes no time and no memory."""
    tensors = [tensor | {"shape": [1_000_001, 1]} for tensor in inputs(ROW)]
    assert error(infer(v2, tensors))["code"] == "too_many_rows"
    tensors = [tensor | {"shape": [1_000_000, 1]} for tensor in inputs(ROW)]
    assert error(infer(v2, tensors))["expected"] == "1000000 for shape [1000000, 1]"
    assert error(binary(v2, tensors))["expected"].startswith("4 or more for each row")


@pytest.mark.parametrize(
    ("change", "name", "part"),
    [
        ({"name": "size", "data": [1.0]}, "size", "4 binary bytes, expected 8 for 2 rows of FP32"),
        ({"name": "size", "data": [1.0] * 3}, "size", "12 binary bytes, expected 8"),
        ({"name": "size", "data": [1.0, float("nan")]}, "size", "row 1 (rows count from 0): given nan,"),
        ({"name": "size", "data": [1.0, float("inf")]}, "size", "row 1 (rows count from 0): given inf,"),
        ({"name": "weight", "data": [float("-inf"), 1.0]}, "weight", "row 0"),
        ({"name": "weight", "datatype": "FP64", "data": [0, 1e300]}, "weight", "row 1"),
        ({"name": "colour", "data": ["red", b"\xff"]}, "colour", "row 1"),
        ({"name": "colour", "data": ["red"]}, "colour", "7 binary bytes, expected 4 or more"),
        ({"name": "colour", "data": ["long text"]}, "colour", "end inside row 1"),
        ({"name": "colour", "data": ["a", "b", "c"]}, "colour", "15 binary bytes, expected 10"),
    ],
    ids=range(10),
)
def test_wrong_bytes_are_named(v2: Application, change: dict[str, Any], name: str, part: str) -> None:
    rows = [{"colour": "red", "size": 1, "weight": 2}] * 2
    tensors = [tensor | change if tensor["name"] == name else tensor for tensor in inputs(*rows)]
    told = error(binary(v2, tensors))
    assert (told["status"], told["field"]) == (400, name)
    assert part in told["error"]


def test_bytes_too_few_or_too_many(v2: Application) -> None:
    tensors = inputs({"colour": "red", "size": 1})
    assert "what is left" in error(binary(v2, tensors, left_out=1))["error"]
    text = json.dumps({"inputs": tensors}).encode()
    answer = ask(v2, "POST", INFER, text + b"!", inference_header_content_length=str(len(text)))
    assert "1 bytes, and the inputs name 0" in error(answer)["error"]


@pytest.mark.parametrize("length", ["", "0", "-1", "x", "1e3", "٣", "99999", "9" * 5000])
def test_a_wrong_length_of_the_json(v2: Application, length: str) -> None:
    text = json.dumps({"inputs": inputs(ROW)}).encode()
    told = error(ask(v2, "POST", INFER, text, inference_header_content_length=length))
    assert "Inference-Header-Content-Length" in told["error"]


def test_a_compressed_body(v2: Application) -> None:
    text = gzip.compress(json.dumps({"inputs": inputs(ROW)}).encode())
    assert scores(ask(v2, "POST", INFER, text, content_encoding="gzip")) == _wanted([ROW])
    assert error(ask(v2, "POST", INFER, text[:-9], content_encoding="gzip"))["status"] == 400
