"""Bodies in NumPy's format: what is answered, and that a header claims nothing for free."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from model.serving.predictor import Model
from tests.model.serving.asking import ask, error, load_model, scores
from tests.model.serving.examples import ROW, expected, write_artifact

MEDIA = "application/x-npy"
TYPE = [("colour", "U6"), ("shape", "S5"), ("size", "f8"), ("weight", ">f4")]
TABLE = np.array([("red", b"round", 3, 1.5), ("größer", b"", -2.25, np.nan)], TYPE)
KNOWN = [expected(ROW), expected({"colour": "größer", "shape": None, "size": -2.25, "weight": None})]


def npy(array: Any) -> bytes:
    """An array as numpy.save writes it."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array))
    return buffer.getvalue()


def _header(descr: str, shape: str, version: bytes = b"\x01\x00", data: bytes = b"") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text + data


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model of two numbers, a nullable one and one that is not: their sum."""
    nodes = [helper.make_node("Sum", ["a", "b"], ["both"]), helper.make_node("Squeeze", ["both"], ["sum"])]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in "ab"]
    output = helper.make_tensor_value_info("sum", TensorProto.FLOAT, None)
    nodes[1] = helper.make_node("Reshape", ["both", "flat"], ["sum"])
    flat = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    graph = helper.make_graph(nodes, "sum", inputs, [output], [flat])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    features = [{"name": name, "kind": "number", "nullable": name == "b"} for name in "ab"]
    schema = {"service": "sums", "features": features, "output": {"name": "sum"}}
    folder: Path = tmp_path_factory.mktemp("numbers")
    return load_model(write_artifact(folder, model.SerializeToString(), schema))


def test_fields_by_name(toys: Model) -> None:
    answer = ask(toys, npy(TABLE), content_type=MEDIA)
    assert (answer.status, answer.media) == (200, MEDIA)
    found = np.load(io.BytesIO(answer.body), allow_pickle=False)
    assert (found.dtype, found.shape) == (np.float32, (2,))
    assert found == pytest.approx(KNOWN, abs=1e-6)


def test_other_orders_other_formats(toys: Model) -> None:
    some = npy(np.array([(3, "red"), (-2.25, "größer")], [("size", "f4"), ("colour", "U6")]))
    assert scores(ask(toys, some, content_type=MEDIA, accept="application/json")) == pytest.approx(
        [expected({"colour": "red", "size": 3}), expected({"colour": "größer", "size": -2.25})], abs=1e-6
    )
    answer = ask(toys, json.dumps(ROW).encode(), accept=MEDIA)
    assert np.load(io.BytesIO(answer.body)) == pytest.approx(KNOWN[:1], abs=1e-6)


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "i1", "u8", "i8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_plain_array_of_numbers(numbers: Model, dtype: str, order: Any) -> None:
    array = np.array([[1, 2], [3, 4], [5, 6]], dtype, order=order)
    assert scores(ask(numbers, npy(array), content_type=MEDIA, accept="application/json")) == [3, 7, 11]


def test_no_rows(numbers: Model, toys: Model) -> None:
    for model, array in ((numbers, np.empty((0, 2))), (toys, TABLE[:0])):
        assert scores(ask(model, npy(array), content_type=MEDIA, accept="application/json")) == []


def test_a_wrong_number_is_named(numbers: Model, toys: Model) -> None:
    array = np.ones((4, 2))
    array[1, 1] = np.nan  # nullable
    array[2, 0] = np.nan
    fault = error(ask(numbers, npy(array), content_type=MEDIA))
    assert (fault["row"], fault["field"], fault["given"]) == (2, "a", "NaN")
    array[2, 0], array[3, 1] = 1, -1e39
    fault = error(ask(numbers, npy(array), content_type=MEDIA))
    assert (fault["row"], fault["field"], fault["given"]) == (3, "b", "the number -1e+39")
    assert fault["expected"] == "a finite number (float32) or NaN"
    table = TABLE.copy()
    table["size"][1] = np.inf
    assert error(ask(toys, npy(table), content_type=MEDIA))["row"] == 1


@pytest.mark.parametrize(
    ("array", "part"),
    [
        (np.ones((2, 4)), "colour"),
        (np.zeros(3, [("colour", "U3")]), '"size"'),
        (np.zeros(3, [*TYPE, ("other", "f4")]), '"other"'),
        (np.zeros((2, 2), TYPE), "shape (2, 2)"),
        (np.zeros(2, [("colour", "f4"), ("size", "f4")]), "values of type '<f4'"),
        (np.zeros(2, [("colour", "U3"), ("size", "M8[s]")]), "values of type '<M8[s]'"),
        (np.zeros(2, [("colour", "U3"), ("size", "?")]), "values of type '|b1'"),
        (np.zeros(2, [("colour", "U3"), ("size", "c8")]), "values of type '<c8'"),
        (np.zeros(2, [("colour", "U3"), ("size", "f4", (2,))]), '"size"'),
        (np.array([(b"\xff", 1)], [("colour", "S3"), ("size", "f4")]), "no text"),
        (np.array([("\ud800", 1)], [("colour", "U3"), ("size", "f4")]), "no text"),
    ],
    ids=range(11),
)
def test_a_wrong_array_is_named(toys: Model, array: np.ndarray, part: str) -> None:
    fault = error(ask(toys, npy(array), content_type=MEDIA))
    assert fault["status"] == 400
    assert part in fault["message"]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_an_infinity_of_any_width(numbers: Model, dtype: str) -> None:
    fault = error(ask(numbers, npy(np.array([[1, 1], [1, np.inf]], dtype)), content_type=MEDIA))
    assert (fault["row"], fault["field"]) == (1, "b")


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 2, 2), ()])
def test_a_wrong_shape(numbers: Model, shape: tuple[int, ...]) -> None:
    assert "shape" in error(ask(numbers, npy(np.ones(shape)), content_type=MEDIA))["message"]


HUGE = "(1000000000000,)"


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"0" * 20, "begin"),
        (b"\x93NUMPY\x04\x00" + b"0" * 20, "begin"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "header"),
        (_header("'<f4'", HUGE), "1000000 rows"),
        (_header("'<f4'", "(999999, 2)"), "follow"),
        (_header("'<f4'", "(0, 1000000000000)"), "1000000 rows"),
        (_header("'<U0'", "(10, 2)"), "shape"),
        (_header("'<f4'", "(-1, 2)"), "shape"),
        (_header("'<f4'", "[2, 2]"), "shape"),
        (_header("'<f4'", "(1.5,)"), "shape"),
        (_header("'|O'", "(2,)"), "never loaded"),
        (_header("[('a', '|O')]", "(2,)"), "never loaded"),
        (_header("'nonsense'", "(2,)"), "understood"),
        (_header("__import__('os')", "(2,)"), "understood"),
        (_header("(" * 5000, "(2,)"), "understood"),
        (_header("'<f4'", "(2, 2)", b"\x03\x00", b"0" * 17), "17 follow"),
        (npy(np.array([None, {}], object)), "never loaded"),
    ],
    ids=range(18),
)
def test_a_wrong_body_is_refused(numbers: Model, body: bytes, part: str) -> None:
    fault = error(ask(numbers, body, content_type=MEDIA))
    assert fault["status"] == 400
    assert part in fault["message"]
