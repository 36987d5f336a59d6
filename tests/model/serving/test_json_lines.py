"""Bodies of JSON lines."""

import json

import pytest

from model.serving.predictor import Model
from tests.model.serving.asking import ask, error
from tests.model.serving.examples import OTHER, ROW, UNSEEN, expected

MEDIA = "application/jsonlines"


def lines(*rows: object, end: str = "\n") -> bytes:
    """A body of `rows`."""
    return "".join(json.dumps(row) + end for row in rows).encode()


def _scores(model: Model, body: bytes, media: str = MEDIA) -> list[float]:
    answer = ask(model, body, content_type=media)
    assert (answer.status, answer.media) == (200, media), answer
    return [json.loads(line) for line in answer.body.splitlines()]


@pytest.mark.parametrize(
    "media",
    [MEDIA, "application/x-ndjson", "application/ndjson", "application/x-jsonlines", "application/jsonl"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_a_score_for_each_line(toys: Model, media: str, end: str) -> None:
    rows = [ROW, OTHER, UNSEEN, {"colour": "red", "size": 1}]
    for some in (rows, rows[:2]):  # the last row leaves out features: the careful way
        known = [expected(row) for row in some]
        assert _scores(toys, lines(*some, end=end), media) == pytest.approx(known, abs=1e-6)


def test_the_last_line_needs_no_end(toys: Model) -> None:
    assert _scores(toys, lines(ROW, ROW).strip()) == pytest.approx([expected(ROW)] * 2, abs=1e-6)


def test_no_lines(toys: Model) -> None:
    assert _scores(toys, b"\n \n") == []


@pytest.mark.parametrize(
    ("line", "row", "part"),
    [
        (b"{", 1, "not JSON"),
        (b"", 2, "the number 5"),
        (b'{"colour": "\xff"}', 1, "UTF-8"),
        (b"[1, 2]", 1, "a list of 2"),
        (lines(ROW).strip() * 2, 1, "Extra data"),
        (b'{"colour": "red", "size": 1, "size": 2}', 1, "two values"),
        (b'{"colour": "red",', 1, "not JSON"),
        (b"[" * 100_000, 1, "nested"),
        (b'{"colour": "red", "size": NaN}', 1, "NaN"),
    ],
    ids=range(9),
)
def test_a_wrong_line_is_named(toys: Model, line: bytes, row: int, part: str) -> None:
    body = lines(ROW) + line + b"\n" + (lines(ROW | {"size": 1}, 5) if not line else lines(ROW))
    fault = error(ask(toys, body, content_type=MEDIA))
    assert (fault["status"], fault["row"]) == (400, row)
    assert part in fault["message"]


def test_too_many_lines(toys: Model) -> None:
    fault = error(ask(toys, b"1\n" * 1_000_001, content_type=MEDIA))
    assert fault["code"] == "too_many_values"
