"""Windows: what is refused and why, and that nothing else can happen."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.judge import windows
from release.judge.cells import SCHEMA, SPANS
from release.judge.windows import Refusal, Refused, parse, parse_line
from tests.release.judge.traffic import counts


def window(**changes: Any) -> dict[str, Any]:
    values = {
        "schema": SCHEMA,
        "id": "a-1",
        "variant": "live",
        "worker": "a",
        "start": 1_700_000_000.0,
        "end": 1_700_000_005.0,
        "requests": 100,
        "errors": 2,
        "clumps": {"trials": 96, "first": 1},
        "invalid": 1,
        "latency": {"bins": [300, 310], "counts": [90, 8]},
        "score": {"bins": [0, 199], "counts": [50, 47]},
    }
    return values | changes


def test_counts_survive_the_way_through_json() -> None:
    table = counts(np.random.default_rng(1), 1, 500, errors=0.05, invalid=0.02)[0]
    line = json.dumps(windows.record("candidate", 0.0, 5.0, table, "x"))
    assert (parse_line(line).dense() == table).all()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"schema": "slipway-window/0"}, Refusal.SCHEMA),
        ({"schema": None}, Refusal.SCHEMA),
        ({"variant": "shadow"}, Refusal.VARIANT),
        ({"start": "soon"}, Refusal.UNREADABLE),
        ({"start": float("nan")}, Refusal.UNREADABLE),
        ({"start": -(10**400)}, Refusal.UNREADABLE),
        ({"end": 10**400}, Refusal.UNREADABLE),
        ({"score": {"bins": [0], "counts": [1], "range": [0, 10**400]}}, Refusal.UNREADABLE),
        ({"end": 1_700_000_000.0}, Refusal.INTERVAL),
        ({"id": ""}, Refusal.UNREADABLE),
        ({"id": 7}, Refusal.UNREADABLE),
        ({"requests": -1}, Refusal.NEGATIVE),
        ({"requests": 10.5}, Refusal.NEGATIVE),
        ({"requests": 1e300}, Refusal.NEGATIVE),
        ({"requests": True}, Refusal.UNREADABLE),
        ({"errors": 101}, Refusal.IMPOSSIBLE),
        ({"invalid": 99}, Refusal.IMPOSSIBLE),
        ({"clumps": {"trials": 101, "first": 1}}, Refusal.IMPOSSIBLE),
        ({"clumps": {"trials": 96, "first": 3}}, Refusal.IMPOSSIBLE),
        ({"latency": {"bins": [300], "counts": [99]}}, Refusal.IMPOSSIBLE),
        ({"latency": {"bins": [720], "counts": [1]}}, Refusal.IMPOSSIBLE),
        ({"latency": {"bins": [-1], "counts": [1]}}, Refusal.IMPOSSIBLE),
        ({"latency": {"bins": [2, 2], "counts": [1, 1]}}, Refusal.IMPOSSIBLE),
        ({"latency": {"bins": [2], "counts": [-1]}}, Refusal.NEGATIVE),
        ({"latency": {"bins": [2], "counts": [10**30]}}, Refusal.NEGATIVE),
        ({"latency": {"bins": [2], "counts": [1, 2]}}, Refusal.UNREADABLE),
        ({"latency": {"bins": [2.5], "counts": [1]}}, Refusal.UNREADABLE),
        ({"latency": {"2": 1}}, Refusal.UNREADABLE),
        ({"latency": [1]}, Refusal.UNREADABLE),
        ({"service": {"requests": 1, "errors": 2}}, Refusal.IMPOSSIBLE),
        ({"agreement": {"compared": 1, "differed": 2}}, Refusal.IMPOSSIBLE),
        ({"score": {"bins": [1], "counts": [1], "range": [1, 1]}}, Refusal.UNREADABLE),
        ({"score": {"bins": [1], "counts": [1], "range": [0, float("inf")]}}, Refusal.UNREADABLE),
        ({"score": {"bins": [1], "counts": [1], "range": "wide"}}, Refusal.UNREADABLE),
    ],
)
def test_what_makes_no_sense_is_named(changes: dict[str, Any], refusal: Refusal) -> None:
    with pytest.raises(Refused) as caught:
        parse(window(**changes))
    assert caught.value.refusal is refusal
    assert str(caught.value).startswith(refusal.value)


@pytest.mark.parametrize(
    "line", ["", "not json", "[]", "7", "null", "[" * 10_000, "x" * 300_000, '{"schema": 1e999}']
)
def test_lines_that_are_no_window(line: str) -> None:
    with pytest.raises(Refused):
        parse_line(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(windows.FIELDS)), json_values, max_size=4))
def test_any_value_is_a_window_or_refused(changes: dict[str, Any]) -> None:
    try:
        found = parse(window(**changes))
    except Refused:
        return
    assert (found.counts >= 0).all()
    assert found.cells.size == found.counts.size


@pytest.mark.parametrize("own", [{}, {"variant": "live"}, {"variant": "blue"}])
def test_the_log_stream_knows_the_variant(own: dict[str, Any]) -> None:
    """A model that was a candidate is live later, with the same environment: the stream wins."""
    value = {name: field for name, field in window().items() if name != "variant"} | own
    found = parse(value, "candidate/i-0a1b")
    assert (found.variant, found.worker) == ("candidate", "i-0a1b/a")
    event = {"message": json.dumps(value), "logStreamName": "candidate/i-0a1b", "timestamp": 1}
    from_event = parse_line(json.dumps(event))
    assert (from_event.variant, from_event.worker) == ("candidate", "i-0a1b/a")
    assert parse_line(json.dumps(value), "candidate/i-0a1b").variant == "candidate"


@pytest.mark.parametrize("stream", ["", "AllTraffic/i-0a1b", "i-0a1b", "/candidate"])
def test_without_a_variant_there_is_no_evidence(stream: str) -> None:
    value = {name: field for name, field in window().items() if name != "variant"}
    with pytest.raises(Refused) as caught:
        parse(value, stream)
    assert caught.value.refusal is Refusal.VARIANT


@pytest.mark.parametrize("message", ["", "started", '{"message": "{}"}', "[]", '{"message": 7}'])
def test_events_that_are_no_window(message: str) -> None:
    with pytest.raises(Refused):
        parse_line(json.dumps({"message": message, "logStreamName": "live/i"}))


def test_a_container_without_clumps_counts_every_error() -> None:
    value = window()
    del value["clumps"]
    start = SPANS["clumps"].start
    assert parse(value).dense()[start : start + 2].tolist() == [98, 2]


def test_merging_is_adding() -> None:
    first, second = parse(window()), parse(window(id="b-1", worker="b"))
    merged = windows.merge(first, second)
    assert (merged.dense() == first.dense() + second.dense()).all()
    with pytest.raises(ValueError, match="two variants"):
        windows.merge(first, parse(window(variant="candidate")))
