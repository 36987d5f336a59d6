"""A window's line: what the judge reads, what CloudWatch extracts, and their sizes."""

import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.telemetry import cells, windows
from model.serving.telemetry.bins import Scale
from release.judge.windows import MAX_LINE, parse_line
from sandbox.aws.cloudwatch.metrics import emf
from tests.model.serving.telemetry.examples import INTERVAL, ORIGIN, UNNAMED, Counted, answer, window_of
from tests.release.judge.test_docs import SCHEMA_TEXT


def test_the_judge_reads_a_line_unchanged() -> None:
    counted = Counted()
    for _ in range(50):
        counted(answer(200, 0.3))
    line = windows.line(replace(ORIGIN, variant="live"), 3, INTERVAL, counted.counters.rows()[0], {})
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    window = parse_line(line.decode())
    assert (window.id, window.worker, window.variant) == ("9c1f-0-3", "9c1f-0", "live")
    assert (window.start, window.end) == INTERVAL
    jsonschema_rs.validate(json.loads(SCHEMA_TEXT), json.loads(line))


def test_scores_of_another_range_say_so_and_the_judge_reads_it() -> None:
    scale, counted = Scale(-10.0, 30.0), Counted()
    counted.counter.count_in(scale)
    counted(answer(200, 10.0))
    window = counted.window(scale=scale)
    assert window["score"] == {"bins": [100], "counts": [1], "range": [-10.0, 30.0]}
    assert parse_line(json.dumps(window | {"variant": "live"})).scores_of == (-10.0, 30.0)
    jsonschema_rs.validate(json.loads(SCHEMA_TEXT), window)


def test_an_empty_window_is_a_window() -> None:
    window = window_of([])
    assert parse_line(json.dumps(window | {"variant": "live"})).counts.sum() == 0
    assert [point.key.name for point in emf.points(json.dumps(window))] == [
        *("requests", "errors", "refused", "invalid", "rows", "refused_rows", "missing")
    ]


def test_the_metrics_are_the_windows_own_numbers() -> None:
    counted = Counted()
    for milliseconds in range(1, 51):
        counted(answer(200, 0.5), milliseconds / 1000)
    counted(answer(500))
    counted(answer(400))
    line = json.dumps(counted.window())
    points = {point.key.name: point for point in emf.points(line)}
    assert {point.key.namespace for point in points.values()} == {"Slipway/Endpoint"}
    assert {point.key.dimensions for point in points.values()} == {(("Service", "toys"),)}
    assert {point.at for point in points.values()} == {INTERVAL.start}
    sums = {name: point.values.total for name, point in points.items() if name != "latency_ms"}
    assert sums == {
        **{"requests": 52, "errors": 1, "refused": 1, "invalid": 0},
        **{"rows": 50, "refused_rows": 0, "missing": 0},
    }
    latency = points["latency_ms"]
    assert latency.unit == "Milliseconds"
    assert latency.values.total == pytest.approx(sum(range(1, 51)), rel=0.01)


@pytest.mark.parametrize(
    ("known", "dimensions"),
    [
        ({"endpoint": "delays-prod", "variant": "live"}, ["EndpointName", "VariantName"]),
        ({"endpoint": "delays-prod"}, ["EndpointName"]),
        ({"variant": "live"}, ["Service"]),
    ],
)
def test_the_endpoints_names_are_dimensions_where_they_are_known(
    known: dict[str, str], dimensions: list[str]
) -> None:
    window = Counted().window(replace(ORIGIN, **known))
    assert window["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [dimensions]
    assert all(window[name] for name in dimensions)
    assert window.get("variant") == known.get("variant")


def test_without_a_name_there_are_no_metrics() -> None:
    assert "_aws" not in Counted().window(UNNAMED)


@given(st.lists(st.tuples(st.integers(0, 719), st.integers(1, 1000)), max_size=50, unique_by=lambda p: p[0]))
def test_the_latency_metric_has_the_windows_percentiles(pairs: list[tuple[int, int]]) -> None:
    bins, held = [index for index, _ in sorted(pairs)], [count for _, count in sorted(pairs)]
    found = windows.spread(bins, held)
    everyone = np.repeat(np.array(bins, dtype=int), held)
    assert len(found) == min(windows.MOST_VALUES, everyone.size)
    assert found == sorted(found)
    for step, index in enumerate(found) if everyone.size > windows.MOST_VALUES else ():
        ranks = np.clip([step / 100 - 0.001, step / 100 + 0.011], 0, 1)
        low, high = np.quantile(everyone, ranks, method="nearest")
        assert low <= index <= high


def test_the_largest_window_is_a_line_that_everyone_takes() -> None:
    row = [10**9] * cells.COUNTED
    exemplar: dict[str, Any] = {"request_id": "x" * 128, "inference_id": "\\" * 128, "ms": 1e5, "status": 500}
    exemplars = {"slowest": exemplar, "failed": [exemplar] * 4}
    line = windows.line(replace(ORIGIN, variant="live"), 10**9, INTERVAL, row, exemplars)
    assert len(line) < 20_000
    assert len(line) < MAX_LINE
    assert len(emf.points(line.decode())) == 8
