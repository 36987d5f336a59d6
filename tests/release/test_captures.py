"""Captured answers are read as their golden requests say; what is no answer is named, whatever it is."""

import base64
import json
import math
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import names
from release.domain.captures import Answer, Aside, Captures, Counted, NotEvidence, Reading, range_of, read
from release.domain.golden import Golden, GoldenRequest
from tests.examples import examples

AT = "2026-01-01T12:34:56Z"
OWN = {"eventId": "e", "inferenceTime": AT, "inferenceId": names.OWN_REQUEST}
JSON, CSV = "application/json", "text/csv"


def request(answer: Any, content_type: str = JSON, answer_at: str = "", **more: Any) -> GoldenRequest:
    scores = more.pop("scores", (0.5,))
    return GoldenRequest(
        content_type=content_type, body="", scores=scores, answer=answer, answer_at=answer_at, **more
    )


WHOLE = request({"churns": [0.5, 0.2]})
PART = request([0.2], answer_at="/churns")
OURS = (request(None), request(None, CSV))


def reading(*requests: GoldenRequest) -> Reading:
    of = Golden(tolerance=0.001, requests=requests)
    return Reading.of(of, Counted.of(of))


def line(data: Any, kind: Any = JSON, encoding: str = "JSON", event: str = "e", **changes: Any) -> bytes:
    """One line as SageMaker writes it."""
    output = {"observedContentType": kind, "mode": "OUTPUT", "data": data, "encoding": encoding}
    record = {
        "captureData": {"endpointOutput": output},
        "eventMetadata": {"eventId": event, "inferenceTime": AT},
        "eventVersion": "0",
    }
    return json.dumps(record | changes).encode()


def number(*args: Any, of: Reading, **named: Any) -> float | None:
    return read(line(*args, **named), of).number


@pytest.mark.parametrize(
    ("requests", "data", "kind", "found"),
    [
        ((WHOLE,), '{"churns": [0.25]}', JSON, 0.25),
        ((PART,), '{"churns": [0.25], "version": 7}', JSON, 0.25),
        ((WHOLE, PART), '{"churns": [0.25], "version": 7}', JSON, 0.25),
        ((request([[0.5]], CSV),), "0.25\n", CSV, 0.25),
        ((request({"p": 0.5}, CSV, accept=JSON),), '{"p": 0.25}', "application/json; charset=utf-8", 0.25),
        (OURS, '{"predictions": [0.25]}', JSON, 0.25),
        (OURS, "0.25\n", CSV, 0.25),
    ],
)
@pytest.mark.parametrize("encoding", ["JSON", "CSV", "BASE64"])
def test_an_answer_is_read_as_the_golden_requests_say(requests, data, kind, found, encoding):
    sent = base64.b64encode(data.encode()).decode() if encoding == "BASE64" else data
    answer = read(line(sent, kind, encoding), reading(*requests))
    assert answer == Answer(datetime(2026, 1, 1, 12, 34, 56, tzinfo=UTC), found)


def test_of_several_rows_one_is_taken_the_same_each_time_and_each_of_them_by_some_request():
    rows = '{"churns": [0.1, 0.2, 0.3]}'
    taken = {number(rows, event=str(event), of=reading(PART)) for event in range(50)}
    assert taken == {0.1, 0.2, 0.3}
    assert number(rows, event="e", of=reading(PART)) == number(rows, event="e", of=reading(PART))


@pytest.mark.parametrize(
    ("golden", "data", "kind", "taken"),
    [
        ([[0.7, 0.3]], "[[0.6, 0.4], [0.2, 0.8]]", JSON, {0.4, 0.8}),
        ([0.7, 0.3], "[0.6, 0.4]", JSON, {0.4}),
        ([[0.7, 0.3]], "0.6,0.4\n0.2,0.8\n", CSV, {0.4, 0.8}),
        ([[0.2, 0.7, 0.1]], "[[0.1, 0.2, 0.7], [0.75, 0.25, 0]]", JSON, {2.7, 0.75}),
        ([[0.33, 0.33, 0.33]], "[[0.1, 0.2, 0.7]]", JSON, {2.7}),
        ([0.2, 0.7, 0.1], "[0.1, 0.8, 0.1]", JSON, {1.8}),
        ([[310.5, 0.3], [2, 0.4]], "[[5, 0.1], [6, 0.2]]", JSON, {0.1, 0.2}),
        ([[0.5, 0.7, 0.1]], "[[0.1, 0.2, 0.7]]", JSON, {0.7}),
        ([[[0.7, 0.3], [0.4, 0.6]]], "[[[0.6, 0.4], [0.2, 0.8]]]", JSON, {0.4, 0.8}),
        ({"p": [0.3], "version": 7}, '{"p": [0.1, 0.2], "version": 7}', JSON, {0.1, 0.2}),
        ({"ids": [1, 2], "p": [[0.7, 0.3]]}, '{"ids": [3], "p": [[0.6, 0.4]]}', JSON, {0.4}),
        ([{"label": 1, "p": 0.3}], '[{"label": 0, "p": 0.1}, {"label": 1, "p": 0.2}]', JSON, {0.1, 0.2}),
        ({"label": 1, "p": 0.3}, '{"label": 0, "p": 0.1}', JSON, {0.1}),
        ([[0.3]], "[[0.7, 0.4]]", JSON, {0.4}),
    ],
)
def test_of_a_row_one_number_is_taken_and_always_the_same_one(golden, data, kind, taken):
    of = reading(request(golden, kind))
    found = {number(data, kind, event=str(event), of=of) for event in range(20)}
    assert sorted(each for each in found if each is not None) == pytest.approx(sorted(taken))


def test_what_is_counted_of_a_row_live_s_golden_answers_say_of_both_variants():
    live = Golden(tolerance=0.001, requests=(request([[0.2, 0.7, 0.1]]),))
    candidate = Golden(tolerance=0.001, requests=(request({"p": [[5, 6, 7]]}, answer_at=""),))
    found = Reading.of(candidate, Counted.of(live))
    assert number('{"p": [[0.1, 0.2, 0.7]]}', of=found) == 2.7


def test_probabilities_of_a_service_of_ours_are_counted_as_in_its_windows():
    of = reading(request(None, scores=((0.2, 0.7, 0.1),)))
    assert number('{"predictions": [[0.1, 0.2, 0.7]]}', of=of) == 2.7


@pytest.mark.parametrize(
    "data",
    [
        '{"churns": [NaN, 0.2]}',
        '{"churns": [0.2, Infinity]}',
        '{"churns": [0.2, null]}',
        '{"churns": ["high"]}',
        '{"churns": []}',
        '{"error": "no such row"}',
        '{"churns": [1' + "0" * 400 + "]}",
        "not json",
        "",
    ],
)
def test_an_answer_without_a_finite_number_is_an_invalid_prediction(data):
    assert number(data, of=reading(PART)) is None


def test_where_golden_requests_say_it_more_and_less_precisely_the_more_precise_one_is_gone_by():
    taken = {
        number('{"churns": [0.25], "version": 7}', event=str(event), of=reading(WHOLE, PART))
        for event in range(20)
    }
    assert taken == {0.25}
    assert number('{"other": [0.75]}', of=reading(WHOLE, PART)) == 0.75, "where it fits nothing, the other"


def test_null_is_no_invalid_prediction_where_the_expected_answer_has_it_too():
    of = reading(request({"p": 0.5, "why": None}))
    assert number('{"p": 0.25, "why": null}', of=of) == 0.25


@pytest.mark.parametrize(
    ("captured", "aside"),
    [
        (b"", Aside.LINE),
        (line('{"churns": [0.2]}')[:-20], Aside.LINE),
        (b"[" * 100_000, Aside.LINE),
        (b"\xff\xfe", Aside.LINE),
        (b"[1, 2]", Aside.FORM),
        (line("1", eventVersion="1"), Aside.FORM),
        (line("1", captureData={"endpointInput": {}}), Aside.FORM),
        (line("1", eventMetadata={"eventId": "e"}), Aside.FORM),
        (line("1", eventMetadata={"inferenceTime": "yesterday"}), Aside.FORM),
        (line("1", eventMetadata={"inferenceTime": "0001-01-01T00:00:00+23:00"}), Aside.FORM),
        (line("1", kind=7), Aside.FORM),
        (line("no base64!", encoding="BASE64"), Aside.ENCODING),
        (line("1", encoding="GZIP"), Aside.ENCODING),
        (line({"churns": [0.2]}), Aside.ENCODING),
        (line("1", kind="text/html"), Aside.TYPE),
        (line('{"churns": [0.2]}', eventMetadata=OWN), Aside.OWN),
    ],
)
def test_what_is_no_answer_is_set_aside_by_name(captured, aside):
    with pytest.raises(NotEvidence) as refused:
        read(captured, reading(PART))
    assert refused.value.aside is aside


@examples(3)
@given(st.binary(max_size=60), st.integers(0, 300), st.integers(0, 300))
def test_a_damaged_line_is_named_or_read_and_nothing_else(junk, start, end):
    whole = line(base64.b64encode(b'{"churns": [0.25, 0.5]}').decode(), encoding="BASE64")
    assert_named_or_read(whole[:start] + junk + whole[max(start, end) :])


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["endpointOutput", "data", "churns", "eventId"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@examples(3)
@given(st.sampled_from(["captureData", "eventMetadata", "eventVersion", "data", "encoding"]), _VALUES)
def test_a_record_of_any_form_is_named_or_read_and_nothing_else(key, value):
    named = {key: value} if key != "data" else {}
    data = value if key == "data" else "1"
    assert_named_or_read(line(data, **named))


@examples(3)
@given(_VALUES)
def test_any_answer_of_a_container_is_a_finite_number_or_none(value):
    assert_named_or_read(line(json.dumps({"churns": value})))


def assert_named_or_read(captured: bytes) -> None:
    for of in (reading(PART), reading(WHOLE), reading(*OURS)):
        with suppress(NotEvidence):
            found = read(captured, of).number
            assert found is None or math.isfinite(found)


@pytest.mark.parametrize(
    ("scores", "span", "expected"),
    [
        ((0.5, 0.2), 1.0, (0, 1)),
        ((20.0, 340.0), 400.0, (0, 400)),
        ((25.0, 345.0), 320.0, (-135, 505)),
        ((-0.5, 0.5), 1.0, (-1, 1)),
        ((1000.0,), 1.0, (999, 1001)),
        (((0.2, 0.7, 0.1),), 1.0, (0, 3)),
        (((500.0, 0.7), (900.0, 0.1)), 1.0, (0, 1)),
    ],
)
def test_scores_are_told_apart_in_the_span_or_around_the_expected_ones(scores, span, expected):
    assert range_of(Golden(tolerance=0.001, span=span, requests=(request(None, scores=scores),))) == expected


def test_a_folder_is_sagemaker_s():
    found = Captures("s3://kept/some/where", {}, (0, 1), 150)
    hour = datetime(2026, 1, 2, 3, 59, tzinfo=UTC)
    assert found.bucket == "kept"
    assert found.folder("delays-prod", "live", hour) == "some/where/delays-prod/live/2026/01/02/03/"
