"""What a container counts, request by request, is what the judge's own code counts on arrays."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.application import Request
from model.serving.telemetry import bins, counts
from release.judge import cells as judge_cells
from release.judge import counting, windows
from tests.model.serving.telemetry.examples import Counted, answer, window_of

SCORES = st.floats(-0.5, 1.5) | st.just(math.nan) | st.just(math.inf)
REQUESTS = st.lists(
    st.tuples(st.sampled_from([200, 200, 200, 500, 503]), st.floats(1e-6, 200.0), SCORES), max_size=150
)


def judges(requests: list[tuple[int, float, float]]) -> np.ndarray:
    """The judge's cells of these requests."""
    status, seconds, score = (np.array(column) for column in zip(*requests, strict=True))
    zeros = np.zeros(len(requests), dtype=np.int64)
    return counting.count(counting.Requests(zeros, status >= 500, seconds, score), 1)[0]


def read(window: dict[str, Any]) -> np.ndarray:
    """The judge's cells of a printed window."""
    return windows.parse(window, "live").dense()


@given(REQUESTS)
def test_a_window_is_what_the_judge_would_have_counted(requests: list[tuple[int, float, float]]) -> None:
    counted = Counted()
    for status, seconds, score in requests:
        counted(answer(status, score) if status == 200 else answer(status), seconds)
    expected = judges(requests) if requests else judge_cells.empty()
    assert read(counted.window()).tolist() == expected.tolist()


def test_the_bins_are_the_judges() -> None:
    assert (bins.LATENCY_FLOOR, bins.LATENCY_STEP, bins.LATENCY_BINS, bins.SCORE_BINS) == (
        judge_cells.LATENCY_FLOOR,
        judge_cells.LATENCY_STEP,
        judge_cells.LATENCY_BINS,
        judge_cells.SCORE_BINS,
    )
    assert (counts.CLUMP_CALM, counts.CLUMP_LENGTH) == (judge_cells.CLUMP_CALM, judge_cells.CLUMP_LENGTH)
    seconds = np.geomspace(1e-6, 300, 10_001)
    assert [bins.latency_bin(value) for value in seconds.tolist()] == judge_cells.latency_bins(
        seconds
    ).tolist()
    scores = np.linspace(-0.2, 1.2, 10_001)
    assert [bins.score_bin(value) for value in scores.tolist()] == judge_cells.unit_bins(
        scores, bins.SCORE_BINS
    ).tolist()


def test_a_burst_over_two_windows_is_one_first_error() -> None:
    counted = Counted()
    before = [answer(500)] * 3
    for given_answer in before + [answer(500)] * 3 + [answer(200, 0.5)] * 20:
        counted(given_answer)
    assert counted.window()["clumps"] == {"trials": 26 - 5 - 5, "first": 1}


def test_refusals_are_requests_but_no_errors_and_say_nothing_about_speed() -> None:
    window = window_of([answer(200, 0.5), answer(400), answer(413), answer(418), answer(599)])
    assert (window["requests"], window["errors"], window["refused"]) == (5, 1, 3)
    assert window["statuses"] == {"200": 1, "400": 1, "413": 1, "4xx": 1, "5xx": 1}
    assert sum(window["latency"]["counts"]) == 1
    assert read(window).sum() > 0


def test_a_request_of_many_rows_counts_once_and_each_time_with_another_row() -> None:
    many = window_of([answer(200, *(row / 10 + 0.01 for row in range(10)))] * 10)
    assert (many["requests"], many["rows"], sum(many["score"]["counts"])) == (10, 100, 10)
    assert many["score"]["bins"] == [20 * row + 2 for row in range(10)]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("rows", [1, 3])
def test_one_prediction_that_is_no_number_makes_the_request_invalid(wrong: float, rows: int) -> None:
    window = window_of([answer(200, *[0.5] * (rows - 1), wrong)])
    assert (window["invalid"], window["score"]["counts"]) == (1, [])
    read(window)


def test_huge_predictions_are_finite() -> None:
    assert window_of([answer(200, 1e308, 1e308)])["invalid"] == 0


def test_an_answer_without_rows() -> None:
    window = window_of([answer(200)])
    assert (window["requests"], window["rows"], window["score"]["counts"]) == (1, 0, [])
    read(window)


@pytest.mark.parametrize(
    ("method", "path", "counts_as"),
    [
        ("POST", "/invocations", 1),
        ("POST", "/v2/models/toys/infer", 1),
        ("POST", "/v2/models/toys/versions/1/infer", 1),
        ("GET", "/invocations", 0),
        ("GET", "/v2/models/toys", 0),
        ("GET", "/ping", 0),
        ("GET", "/metrics", 0),
        ("POST", "/elsewhere/infer", 0),
    ],
)
def test_only_requests_for_scores_are_in_a_window(method: str, path: str, counts_as: int) -> None:
    counted = Counted()
    counted(answer(200, 0.5), request=Request(method, path, {}, b""))
    assert counted.window()["requests"] == counts_as
    assert sum(counted.counters.rows()[0]) >= 1, "/metrics counts all"


def test_what_was_refused_unread_is_a_request() -> None:
    counted = Counted()
    counted(answer(413), 0.0, request=None)
    assert counted.window()["statuses"] == {"413": 1}
