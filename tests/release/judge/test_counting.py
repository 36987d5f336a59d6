"""Requests into cells, and errors into clumps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from release.judge.cells import CLUMP_CALM, CLUMP_LENGTH, SPANS, latency_bins, latency_edge
from release.judge.counting import Requests, clumps, count


def errors(text: str) -> np.ndarray:
    return np.array([c == "x" for c in text])


def slow_clumps(error: list[bool]) -> tuple[list[bool], list[bool]]:
    """The rule, request by request, as a container counts."""
    eligible, first, since, calm = [], [], None, 0
    for wrong in error:
        if since is not None and (calm >= CLUMP_CALM or since >= CLUMP_LENGTH):
            since = None
        eligible.append(since is None)
        first.append(since is None and wrong)
        if since is None and wrong:
            since, calm = 0, 0
        elif since is not None:
            since, calm = since + 1, 0 if wrong else calm + 1
    return eligible, first


@given(st.lists(st.booleans(), max_size=200))
def test_clumps_follow_the_rule_of_the_container(error: list[bool]) -> None:
    eligible, first = clumps(np.array(error, dtype=bool))
    assert (eligible.tolist(), first.tolist()) == slow_clumps(error)


def test_a_burst_is_one_error() -> None:
    eligible, first = clumps(errors("...." + "x" * 20 + "." * 30))
    assert first.sum() == 1
    assert eligible.sum() == 4 + 1 + 30 - CLUMP_CALM


def test_a_lasting_outage_is_many_errors() -> None:
    eligible, first = clumps(errors("x" * 260))
    assert first.sum() == eligible.sum() == 10


def test_every_request_is_counted_once() -> None:
    requests = Requests(
        block=np.array([0, 0, 1, 1]),
        error=errors(".x.."),
        latency=np.array([0.07, 0.01, 200.0, 1e-9]),
        score=np.array([0.5, 0.5, np.nan, 1.0]),
    )
    table = count(requests, 2)
    group = {name: table[:, span.start : span.stop] for name, span in SPANS.items()}
    assert group["requests"].tolist() == [[1, 1], [2, 0]]
    assert group["invalid"].tolist() == [[1, 0], [1, 1]]
    assert group["latency"].sum(axis=1).tolist() == [1, 2]
    assert (group["latency"][1, -1], group["latency"][1, 0]) == (1, 1)
    assert group["score"].sum(axis=1).tolist() == [1, 1]


def test_a_latency_lies_in_its_bin() -> None:
    seconds = np.array([0.0001, 0.07, 1.0, 59.9])
    for value, index in zip(seconds, latency_bins(seconds), strict=True):
        assert latency_edge(index) <= value * 1.000001
        assert value < latency_edge(index + 1)
