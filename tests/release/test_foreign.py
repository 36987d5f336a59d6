"""The evidence of a container of others: what is wrong is named with its meaning; the page says every key."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from release.domain import foreign, golden
from release.domain.errors import UsageError
from release.domain.manifest import ImageRecord, ModelRecord, from_bytes
from tests.release import examples

PAGE = (Path(__file__).parents[2] / "docs" / "foreign.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
DIGEST = "sha256:" + "a" * 64
IMAGE = ImageRecord(digest=DIGEST, size=1, runtime="container", python="")


def said(**changes: Any) -> dict[str, Any]:
    """The page's evidence with changes; None takes a key away."""
    return {key: value for key, value in (json.loads(EXAMPLE) | changes).items() if value is not None}


def read(**changes: Any) -> foreign.Evidence:
    return foreign.read(json.dumps(said(**changes)).encode(), "evidence.json")


def composed(**changes: Any):
    evidence = read(**changes)
    return foreign.compose("delays", IMAGE, evidence, ModelRecord(sha256=evidence.artifact_sha256, size=7))


def one_request(**changes: Any) -> dict[str, Any]:
    request = {"content_type": "application/json", "body": {"x": 1}, "answer": [0.5]} | changes
    return {"tolerance": 0.001, "requests": [request]}


def test_the_page_s_example_becomes_a_release():
    content, stored = composed()
    assert [(gate.name, gate.passed) for gate in content.gates] == [
        ("auc", True),
        ("calibration", True),
        ("parity", True),
    ]
    assert content.gates[0].reason == "auc is 0.81 (at least 0.75)"
    assert content.source["made_by"] == "Ada, data science"
    assert content.trained_as == "churn"
    assert content.foreign is not None
    assert not content.prints_windows
    assert from_bytes(content.to_bytes(), content.id) == content
    requests = golden.Golden.model_validate_json(stored)
    assert requests.requests[0].scores == (0.5, 0.2)
    assert (requests.tolerance, requests.repeats_within) == (0.0001, 0.0002)


def test_every_key_is_on_the_page_with_its_meaning():
    for name, meaning, _, required in foreign.every_key():
        assert meaning
        assert f"| `{name}` | {'yes' if required else 'no'} | {meaning} |" in PAGE


def test_the_ids_of_our_own_releases_are_what_they_were():
    assert "foreign" not in json.loads(examples.manifest().to_bytes())
    assert examples.manifest().id == "2207d8be97ea"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"service": None}, "service: it is missing (it is what the model is of"),
        ({"service": None}, 'for example "service": "churn")'),
        ({"kind": "trees"}, "kind: Input should be 'binary'"),
        ({"gate": []}, "gate: there is no such key; near it: gates"),
        ({"gates": []}, "as a release without would be unjudged"),
        ({"gates": [{"name": "auc", "value": 0.8}]}, "gates[0]: a gate is value with one of"),
        ({"gates": [{"name": "auc", "passed": True}]}, "gates[0]: a gate is value with one of"),
        ({"gates": [{"name": "auc", "value": 1, "at_least": 0, "at_most": 2}]}, "gates[0]: a gate is"),
        ({"evaluation": {}}, "evaluation: Dictionary should have at least 1 item"),
        ({"data_sha256": "12"}, "(it is the SHA-256 of the data that it was trained on"),
        ({"golden": {"requests": []}}, "golden.requests: Tuple should have at least 1 item"),
        ({"golden": one_request(answer="yes", accept="text/plain")}, "the answer holds no number"),
        (
            {"golden": one_request(answer="{", accept="application/json")},
            "the answer is not application/json",
        ),
        ({"golden": one_request(answer_at="x")}, "golden.requests[0].answer_at: String should match"),
        ({"golden": one_request() | {"tolerance": 0.5}}, "golden: tolerance is more than 1% of the span"),
        ({"golden": one_request() | {"tolerance": 0}}, "golden.tolerance: Input should be greater than 0"),
        ({"golden": one_request(body=None)}, "none"),
        (
            {"input_schema": {"features": ["age"]}},
            "with it: features[0]: it is no object (it is what callers",
        ),
        ({"input_schema": {"features": "x"}}, "input_schema: no later release could be compared with it: f"),
        ({"input_schema": {"features": [{"kind": "number"}]}}, "with it: features[0].name: it is missing"),
        ({"input_schema": {"output": "y"}}, "with it: output: it is no object (it is what callers may send"),
        ({"input_schema": {"mean": math.inf}}, "input_schema: it holds Infinity at /mean, which is"),
        ({"golden": one_request(answer=[math.nan])}, "the answer holds NaN at /0, which is no finite number"),
        ({"golden": one_request(answer="NaN")}, "golden.requests[0]: the answer holds NaN at /"),
        ({"golden": one_request(answer="1,inf", accept="text/csv")}, "the answer holds Infinity at /0/1"),
        ({"golden": one_request(answer="1\r2", accept="text/csv")}, "the answer is not text/csv: new-line"),
        ({"golden": one_request(answer=[10**400])}, "which is no finite number (it is requests, each with"),
        (
            {"golden": one_request(body=[math.inf])},
            "golden.requests[0].body: it holds Infinity at /0, which is",
        ),
        ({"golden": one_request() | {"tolerance": math.inf}}, "golden.tolerance: Input should be a finite"),
        ({"golden": one_request() | {"allowed": {"slower_ms": math.inf}}}, "golden.allowed.slower_ms: Input"),
        ({"evaluation": {"auc": math.nan}}, "evaluation.auc: Input should be a finite number"),
    ],
)
def test_what_is_wrong_is_named_with_its_meaning_and_an_example(changes, words):
    if words == "none":
        assert read(**changes)
        return
    with pytest.raises(UsageError) as caught:
        read(**changes)
    assert words in caught.value.cause
    assert "docs/foreign.md" in caught.value.next_step


def test_evidence_that_is_no_json_is_refused():
    with pytest.raises(UsageError, match=r"evidence.json is no evidence: Invalid JSON"):
        foreign.read(b"{", "evidence.json")


@pytest.mark.parametrize("key", ["artifact_sha256", "image_digest"])
def test_evidence_of_another_artifact_or_image_is_refused(key):
    other = "sha256:" + "b" * 64 if key == "image_digest" else "b" * 64
    evidence = read(**{key: other})
    measured = said()["artifact_sha256"]
    with pytest.raises(UsageError, match=f"its {key} is {other}"):
        foreign.compose("delays", IMAGE, evidence, ModelRecord(sha256=measured, size=7))


def test_the_evidence_s_own_words_win_over_its_schema_s():
    content, _ = composed(input_schema={"service": "x", "content_types": ["x/y"], "features": []})
    assert content.input_schema == {"service": "churn", "content_types": ["application/json"], "features": []}


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        ({"value": 0.75, "at_least": 0.75}, True),
        ({"value": 0.74, "at_least": 0.75}, False),
        ({"value": 0.05, "at_most": 0.05}, True),
        ({"value": 0.06, "at_most": 0.05}, False),
        ({"passed": False, "reason": "two people said no"}, False),
    ],
)
def test_a_gate_passes_by_its_bound_or_by_what_was_decided(gate, passed):
    assert foreign.Gate(name="auc", **gate).result().passed is passed


def test_without_a_declared_tolerance_two_answers_have_to_be_equal():
    _, stored = composed(golden={"requests": one_request()["requests"]})
    requests = golden.Golden.model_validate_json(stored)
    assert (requests.tolerance, requests.repeats_within) == (foreign.PRECISE, 0.0)
