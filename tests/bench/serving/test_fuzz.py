"""The fuzzer itself, and a short run of it: a few hundred hostile inputs of each format to a real server."""

import json
from pathlib import Path

import pytest

from bench.serving.fuzz.cases import KINDS, QUESTIONS, Case, case
from bench.serving.fuzz.findings import Finding, keep, kept
from bench.serving.fuzz.oracle import LONGEST, fault
from bench.serving.fuzz.trial import Scope, run
from bench.serving.fuzz.vitals import Look, ends, is_flat
from bench.serving.raw_http import Answer, BadAnswer, body_length, parse_head
from model.serving.models.schema import parse_schema
from tests.model.serving.examples import SCHEMA, write_artifact

TOYS = parse_schema(json.dumps(SCHEMA).encode())
JSON = "application/json"


def _answer(status: int = 200, body: bytes = b'{"predictions":[0.5]}', **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": JSON, "x-request-id": "case-7", **named}, body)


def _case(rows: int | None = 1, broken: bool = False) -> Case:
    return Case(7, "JSON", [b"a", b"bc"], broken, True, rows)


@pytest.mark.long
@pytest.mark.sandbox
def test_hostile_inputs_of_every_kind(tmp_path: Path) -> None:
    found = run(write_artifact(tmp_path / "model"), tmp_path / "run", Scope(3000, 1, seconds=15), print)
    assert found.wrong == []
    assert found.tally.kinds.keys() == set(KINDS)
    assert found.tally.statuses.keys() >= {200, 400, 404, 405, 406, 415}
    assert found.tally.right > found.tally.sent / 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_and_a_seed_make_one_case(kind: str) -> None:
    cases = [case(1, number, TOYS, kind) for number in range(60)]
    assert cases == [case(1, number, TOYS, kind) for number in range(60)]
    assert len({b"".join(made.pieces) for made in cases}) > 20
    assert any(made.broken for made in cases)
    assert any(made.rows is not None for made in cases) == (kind != QUESTIONS)


def test_a_finding_is_sent_again_as_it_was(tmp_path: Path) -> None:
    place = keep(Finding(3, _case(), "why", [_answer()]), tmp_path)
    assert kept(place) == _case()


@pytest.mark.parametrize(
    ("made", "answers", "part"),
    [
        (_case(), [_answer()], ""),
        (_case(broken=True, rows=None), [], ""),
        (_case(broken=True, rows=None), [_answer(x_request_id="another")], ""),
        (_case(), [], "0 answers"),
        (_case(), [_answer(), _answer()], "2 answers"),
        (_case(), [_answer(500)], "status 500"),
        (_case(), [_answer(503)], "status 503"),
        (_case(broken=True, rows=None), [_answer(500)], "status 500"),
        (_case(), [_answer(x_request_id="case-8")], "another request"),
        (_case(), [_answer(x_evil="1")], "x-evil"),
        (_case(rows=2), [_answer()], "1 scores for 2 rows"),
        (_case(), [_answer(400, b'{"error":{"message":"no"}}')], "a right request got 400"),
        (_case(rows=None), [_answer(400, b'{"error":{"message":"no"}}')], ""),
        (_case(rows=None), [_answer(400, b'{"error":"no"}')], ""),
        (_case(rows=None), [_answer(400, b"{}")], "not told"),
        (_case(rows=None), [_answer(400, b'{"error":""}')], "told as"),
        (_case(rows=None), [_answer(400, b"no", content_type="text/plain")], "text/plain"),
    ],
)
def test_what_is_wrong_with_an_answer(made: Case, answers: list[Answer], part: str) -> None:
    found = fault(made, answers, 0.1)
    assert (part in found) if part else found == ""


def test_a_late_answer_is_wrong() -> None:
    assert "answered after" in fault(_case(), [_answer()], LONGEST + 1)


def test_answers_are_read_strictly() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\r\nA: b") == (200, {"a": "b"})
    for head in (
        b"HTTP/1.0 200 OK",
        b"200",
        b"HTTP/1.1 2x0 OK",
        b"HTTP/1.1 200 OK\r\nA b",
        b"HTTP/1.1 200 OK\r\n A: b",
    ):
        with pytest.raises(BadAnswer):
            parse_head(head)
    with pytest.raises(BadAnswer, match="twice"):
        parse_head(b"HTTP/1.1 200 OK\r\nA: b\r\na: c")
    with pytest.raises(BadAnswer, match="length"):
        body_length({"transfer-encoding": "chunked"})


def test_memory_is_flat_up_to_a_bound() -> None:
    looks = [Look(part / 100, 100 if part < 90 else 104, 0, 9) for part in range(101)]
    assert ends(looks) == (100, 104)
    assert is_flat(100, 104)
    assert is_flat(1000, 1029)
    assert not is_flat(100, 106)
    assert not is_flat(1000, 1031)
    assert not is_flat(0, 0)
