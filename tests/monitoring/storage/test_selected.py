"""A subject is found by its value as the schema's type has it, in whatever form a request came."""

import base64
import json
import struct
from typing import Any

import pytest

from model.serving.capture.redaction import hashed
from monitoring.capture.selection import Selector
from monitoring.storage.selected import selected
from tests.model.serving.capture.keeping_examples import sensitive

KEY = b"k" * 32
SCHEMAS = [sensitive(shape="hash")]


def line(body: bytes | str, content_type: str = "application/json") -> bytes:
    data = body if isinstance(body, str) else base64.b64encode(body).decode()
    encoding = "JSON" if isinstance(body, str) else "BASE64"
    side = {"observedContentType": content_type, "data": data, "encoding": encoding}
    return json.dumps({"captureData": {"endpointInput": side}}).encode()


def told(value: str, body: bytes | str, column: str = "size", content_type: str = "application/json") -> Any:
    return selected(Selector("subject", value, column), SCHEMAS, KEY)(line(body, content_type))


def named(**row: Any) -> str:
    return json.dumps({"instances": [{"colour": "red", "shape": "round", "size": 1.5, **row}]})


def tensors(**columns: list[Any]) -> str:
    types = {"size": "FP64"}
    inputs = [
        {"name": name, "shape": [len(data)], "datatype": types.get(name, "BYTES"), "data": data}
        for name, data in columns.items()
    ]
    return json.dumps({"id": "one", "inputs": inputs})


@pytest.mark.parametrize("found", [1, 1.0, "1", "1.0", 1.00000001])
def test_a_number_is_one_however_it_was_sent(found: Any):
    assert told("1", named(size=found)) is True
    assert told("1.0", named(size=found)) is True
    assert told("2", named(size=found)) is False


def test_a_category_is_its_text_and_no_number():
    assert told("1", named(colour="1"), "colour") is True
    assert told("1", named(colour=1), "colour") is True
    assert told("1", named(colour="1.0"), "colour") is False


@pytest.mark.parametrize("odd", [float("inf"), float("nan"), 10**400, 1e39, True, None, [], {}])
def test_a_value_that_no_model_reads_is_nobody_and_no_fault(odd: Any):
    assert told("1", named(size=odd)) is False
    assert told("red", named(colour=odd), "colour") is False


def test_zero_is_found_by_the_hash_of_either_sign():
    schemas = [sensitive(size="hash")]
    for zero in (0.0, -0.0):
        body = named(size=hashed(KEY, "size", zero))
        assert selected(Selector("subject", "0", "size"), schemas, KEY)(line(body)) is True


def test_tensors_of_the_open_inference_protocol_are_read():
    body = tensors(colour=["red", "blue"], shape=["flat", "round"], size=[[1.5], [2]])
    assert told("2", body) is True
    assert told("blue", body, "colour") is True
    assert told("7", body) is False
    assert told("green", body, "colour") is False


def test_tensors_whose_values_follow_as_bytes_are_read():
    def tensor(name: str, kind: str, size: int) -> dict[str, Any]:
        return {"name": name, "shape": [1], "datatype": kind, "parameters": {"binary_data_size": size}}

    def text(value: bytes) -> bytes:
        return struct.pack("<I", len(value)) + value

    texts = text(b"red") + text("rund\xe9".encode())
    head = json.dumps(
        {
            "id": "\xe9",
            "inputs": [
                tensor("colour", "BYTES", 7),
                tensor("shape", "BYTES", len(text("rund\xe9".encode()))),
                tensor("size", "FP32", 4),
                tensor("weight", "FP32", 4),
            ],
        },
        ensure_ascii=False,
    ).encode()
    body = head + texts + struct.pack("<ff", 1.5, 2.5)
    assert told("1.5", body, content_type="application/octet-stream") is True
    assert told("rund\xe9", body, "shape", "application/octet-stream") is True
    assert told("7", body, content_type="application/octet-stream") is False


def test_rows_that_the_server_refused_are_searched_all_the_same():
    refused = json.dumps({"instances": [{"size": 7, "colour": {"odd": 1}}, "no row", {"size": 8}]})
    assert told("8", refused) is True
    assert told("9", refused) is None, "nobody can tell what stands for the second row"
    lines = '{"size": 7, "nobody": 1}\n{"size": "8"}\n'
    assert told("8", lines, content_type="application/jsonlines") is True
    assert told("9", lines, content_type="application/jsonlines") is False


@pytest.mark.parametrize("body", ['{"instances": [{"size": 7', "<xml/>", '"text"', b"\xff\x00"])
def test_what_cannot_be_read_is_said_to_be_so(body: bytes | str):
    assert told("7", body) is None
