"""The soak's own parts: what has to hold, from samples, answers and windows."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bench.serving.checks import Check
from bench.serving.raw_http import get, post
from bench.serving.soak.checks import evaluate, growth
from bench.serving.soak.traffic import Outcome
from bench.serving.soak.watch import Sample, Told, summed

HOUR = 3600


def _samples(end: float, until: int = HOUR, warm: float = 80.0) -> list[Sample]:
    """A worker of 100 MB that is `end` MB large in the last minute, and grows no more before; it warms up."""
    return [
        Sample(
            second, {7: warm if second < 200 else end if second > until - 70 else 100.0}, {}, 0, 9, 0, 0, 0
        )
        for second in range(5, until + 1, 5)
    ]


def _window(start: float, worker: str = "a", **changes: Any) -> dict[str, Any]:
    window = {
        "worker": worker,
        "start": start,
        "end": start + 5,
        "requests": 2,
        "rows": 40,
        "refused_rows": 1,
    }
    return window | {"statuses": {"200": 1, "400": 1}} | changes


def _sent(**changes: Any) -> Outcome:
    return replace(Outcome(Counter({"200": 2, "400": 2}), rows=80, refused_rows=2), **changes)


def _checks(**changes: Any) -> list[Check]:
    values: dict[str, Any] = {
        "samples": _samples(101),
        "sent": _sent(),
        "told": summed([_window(0), _window(0, "b")]),
        "exit_code": 0,
        "errors_logged": [],
    }
    return evaluate(**values | changes)


def test_growth_is_that_after_the_warm_up() -> None:
    assert growth(_samples(102), 7) == pytest.approx(2)
    assert growth(_samples(95), 7) == pytest.approx(-5)
    assert growth(_samples(102), 8) is None
    assert growth([], 7) is None


def test_everything_checks() -> None:
    assert [each.ok for each in _checks()] == [True] * 6


@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        (0, {"samples": _samples(104)}),
        (0, {"samples": [*_samples(101)[:-1], Sample(HOUR, {8: 50.0}, {}, 0, 9, 0, 0, 0)]}),
        (0, {"samples": []}),
        (1, {"sent": _sent(drops=1, dropped=["JSON: closed"])}),
        (2, {"sent": _sent(wrongs=1, wrong=["JSON: 1 scores"])}),
        (3, {"sent": _sent(rows=81)}),
        (3, {"sent": _sent(refused_rows=0)}),
        (3, {"sent": _sent(statuses=Counter({"200": 3, "400": 1}))}),
        (3, {"told": summed([_window(0)])}),
        (3, {"told": summed([_window(0), _window(6)])}),
        (4, {"errors_logged": ["2026 ERROR"]}),
        (5, {"exit_code": 1}),
        (5, {"exit_code": None}),
    ],
)
def test_one_thing_did_not_hold(place: int, arguments: dict[str, Any]) -> None:
    found = _checks(**arguments)
    assert [index for index, each in enumerate(found) if each.ok is False] == [place]
    assert found[place].found


def test_a_short_run_judges_no_growth() -> None:
    assert _checks(samples=_samples(150, until=300, warm=100.0))[0].ok is None


def test_windows_are_added_up() -> None:
    told = summed([_window(0), _window(5), _window(0, "b", statuses={"503": 2}, errors=2)])
    assert (told.requests, told.rows, told.refused_rows, told.windows, told.gaps) == (6, 120, 3, 3, 0)
    assert (told.statuses, told.errors) == (Counter({"200": 2, "400": 2, "503": 2}), 2)
    assert summed([_window(0), _window(7)]).gaps == 1
    assert summed([]) == Told()


def test_requests_are_written_as_clients_write_them() -> None:
    assert post("/a", b"xy", {"B": "c"}) == (
        b"POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nB: c\r\nContent-Length: 2\r\n\r\nxy"
    )
    assert get("/a") == b"GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
