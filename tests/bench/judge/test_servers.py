"""Streams on real servers hold what a server says of itself."""

from dataclasses import replace

import numpy as np
import pytest

from bench.judge.scenarios import FIVE_MS, HALF_MS
from bench.judge.servers import SILENT, Server
from bench.judge.streams import Change, Run, draw


def median(run: Run) -> tuple[float, float]:
    candidate, live = (1000 * float(np.median(stream.latency)) for stream in (run.candidate, run.live))
    return candidate, live


def drawn(server: Server, weight: float = 0.25) -> Run:
    return draw(5, 100, weight, Change(server=server), 600)


def test_a_server_that_adds_nothing_changes_nothing() -> None:
    plain, same = draw(5, 100, 0.25, Change(), 120), draw(5, 100, 0.25, Change(server=Server()), 120)
    assert (plain.live.latency == same.live.latency).all()


def test_the_median_is_the_servers() -> None:
    assert median(drawn(Server(median=0.005)))[1] == pytest.approx(5, rel=0.1)


def test_little_traffic_is_colder() -> None:
    """As measured: about .15 ms at 1 %, hardly anything at 50 %."""
    candidate, live = median(drawn(HALF_MS, 0.01))
    assert 0.1 < candidate - live < 0.35
    candidate, live = median(drawn(HALF_MS, 0.5))
    assert abs(candidate - live) < 0.05


def test_a_busy_instance_is_slower() -> None:
    candidate, live = median(drawn(replace(FIVE_MS, used=0.5)))
    assert live > 1.2 * candidate


def test_a_process_that_restarts_is_silent_and_then_cold() -> None:
    run = drawn(replace(FIVE_MS, restarts=True))
    gap = int(np.argmax(np.diff(run.candidate.time)))
    assert np.diff(run.candidate.time)[gap] > SILENT
    cold = run.candidate.latency[gap + 1 : gap + 6]
    warm = drawn(FIVE_MS).candidate
    assert (
        cold.mean() > warm.latency[np.isin(warm.time, run.candidate.time[gap + 1 : gap + 6])].mean() + 0.0005
    )


def test_a_fleet_that_scales_out_is_less_busy() -> None:
    plain, scaled = (drawn(replace(FIVE_MS, used=0.5, scales=scales)) for scales in (False, True))
    assert median(scaled)[1] < median(plain)[1]
