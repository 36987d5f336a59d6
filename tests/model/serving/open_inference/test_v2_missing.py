"""What clients of the protocol write for a missing value, and before a body: NaN, null, a byte order mark."""

import gzip
import json
from typing import Any

import pytest

from model.serving.answers import Answer
from model.serving.application import Application
from tests.model.serving.examples import ROW, expected
from tests.model.serving.open_inference.asking import INFER, ask, error, inputs, scores

NAN = float("nan")


def _body(*rows: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({"inputs": inputs(*rows)} | members).encode()


def _post(v2: Application, body: bytes) -> Answer:
    return ask(v2, "POST", INFER, body)


WITHOUT = expected(ROW | {"shape": None, "weight": None})


def _texts() -> list[bytes]:
    rows = [ROW | {"weight": NAN, "shape": NAN}, ROW]
    one, two = _body(*rows[:1]), _body(*rows)
    named = _body(*rows, id='a "NaN" \\ b')
    return [one, two, named, b"\xef\xbb\xbf" + two, two.replace(b", ", b",\n")]


@pytest.mark.parametrize("number", range(5))
def test_nan_is_missing(v2: Application, number: int) -> None:
    text = _texts()[number]
    assert b"NaN" in text
    assert scores(_post(v2, text))[0] == pytest.approx(WITHOUT, abs=1e-6)


def test_nan_in_a_text_is_that_text(v2: Application) -> None:
    for colour in ("NaN", "a NaN", 'NaN "', "NaN \\"):
        body = _body(ROW | {"colour": colour, "weight": NAN, "shape": None})
        row = ROW | {"colour": colour, "weight": None, "shape": None}
        assert scores(_post(v2, body)) == pytest.approx([expected(row)], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "given"),
    [
        ({"size": NAN}, "null"),
        ({"colour": NAN}, "null"),
        ({"weight": float("inf")}, "Infinity, which JSON does not have"),
        ({"weight": NAN, "size": -float("inf")}, "-Infinity, which JSON does not have"),
    ],
    ids=range(4),
)
def test_where_a_value_has_to_be(v2: Application, change: dict[str, Any], given: str) -> None:
    assert error(_post(v2, _body(ROW | change)))["given"] == given


@pytest.mark.parametrize("text", [b"NaN", b'{"inputs": NaN}', b"\xef\xbb\xbf" * 100_000, b'{"inputs": [NaN'])
def test_nan_elsewhere_is_refused(v2: Application, text: bytes) -> None:
    assert error(_post(v2, text))["status"] == 400


def test_a_compressed_body_is_named(v2: Application) -> None:
    told = error(_post(v2, gzip.compress(_body(ROW))))
    assert "compressed (gzip)" in told["error"]
