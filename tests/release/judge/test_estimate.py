"""The estimate: its direction, its bounds, and that it is near what runs take."""

import math

import pytest

from release.domain.errors import UsageError
from release.domain.policy import Policy
from release.judge.estimate import Assumptions, estimate


def seconds(**given: float) -> dict[str, float]:
    values = {"rate": 50.0, "weight": 0.25} | given
    return {line.what: line.seconds for line in estimate(Policy(), Assumptions(**values))}


def test_worse_is_found_sooner_and_more_traffic_is_sooner() -> None:
    slow, fast = seconds(rate=10), seconds(rate=500)
    assert all(fast[what] <= slow[what] for what in slow)
    assert slow["errors 0.1 % -> 5 %"] < slow["errors 0.1 % -> 1 %"] < slow["errors 0.1 % -> 0.5 %"]


def test_an_estimate_is_near_what_the_benchmark_measures() -> None:
    """Within a factor of two of the medians in docs/judge-benchmark.md."""
    found = seconds()
    for what, measured in {"errors 0.1 % -> 1 %": 95, "errors 0.1 % -> 5 %": 15, "2 % NaN": 30}.items():
        assert measured / 2 <= found[what] <= measured * 2
    assert found["an equal candidate"] == pytest.approx(365, abs=60)


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"rate": math.inf}, {"weight": 0}, {"weight": 1}, {"errors": 0.5}]
)
def test_traffic_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        seconds(**wrong)
