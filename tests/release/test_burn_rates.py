"""How fast an error budget may be used up: decisions from counts."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.burn_rates import BURN_ALERTS, LEAST_BAD, alerts, budget, burn, rings
from tests.examples import examples

PERCENTS = st.integers(5_000, 9_999).map(lambda hundredths: hundredths / 100)


def test_the_burn_rates_are_those_of_the_sre_workbook_and_one_that_is_sooner():
    assert {alert.name: alert.rate for alert in BURN_ALERTS} == {
        "outage": 172.8,
        "fast": 14.4,
        "steady": 6.0,
        "slow": 1.0,
    }


@examples(5)
@given(percent=PERCENTS, requests=st.integers(1, 10_000_000))
def test_an_endpoint_exactly_at_its_objective_never_rings(percent, requests):
    bad = math.floor(budget(percent) * requests)
    for alert in alerts(percent):
        assert not rings(alert, percent, (bad, requests), (bad, requests))


@examples(5)
@given(percent=PERCENTS, requests=st.integers(LEAST_BAD, 10_000_000))
def test_a_total_outage_rings_every_alert_that_its_objective_has(percent, requests):
    for alert in alerts(percent):
        assert rings(alert, percent, (requests, requests), (1, 1))


@pytest.mark.parametrize("percent", [99.5, 99.9, 99.99])
def test_after_healthy_traffic_a_total_outage_pages_within_the_short_window_of_the_fast_alert(percent):
    """All requests of `lasted` seconds fail, after traffic as steady and good for as long as is looked at."""
    fast = next(alert for alert in alerts(percent) if alert.name == "fast")
    lasted = fast.short
    assert rings(fast, percent, (lasted, fast.long), (lasted, lasted))


@pytest.mark.parametrize("percent", [99.5, 99.9, 99.99])
def test_an_outage_pages_within_two_minutes_where_that_says_the_fast_alert_would(percent):
    outage = next(alert for alert in alerts(percent) if alert.name == "outage")
    lasted = outage.long
    assert rings(outage, percent, (lasted, outage.long), (outage.short, outage.short))


@given(percent=PERCENTS, requests=st.integers(1, LEAST_BAD - 1))
def test_too_few_bad_requests_say_nothing(percent, requests):
    assert not any(
        rings(alert, percent, (requests, requests), (requests, requests)) for alert in alerts(percent)
    )


def test_what_is_over_rings_no_more():
    for alert in alerts(99.5):
        assert not rings(alert, 99.5, (1000, 1000), (0, 50))
        assert not rings(alert, 99.5, (1000, 1000), (0, 0))


def test_a_burn_rate_that_no_outage_could_reach_is_no_alert():
    """Of 99 % a total outage burns a hundred times as fast as the budget lasts, and no more."""
    assert [alert.name for alert in alerts(99)] == ["fast", "steady", "slow"]
    assert [alert.name for alert in alerts(50)] == ["slow"]


@pytest.mark.parametrize("alert", [alert for alert in BURN_ALERTS if alert.severity == "page"])
def test_chance_alone_pages_in_fewer_than_one_of_fifty_thousand_windows(alert):
    """Of an endpoint exactly at its objective, whatever its traffic: bad requests are then Poisson's."""

    def at_least(bad: int, mean: float) -> float:
        return 1 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(bad))

    for expected in (0.01 * step for step in range(1, 2_000)):
        needed = max(LEAST_BAD, math.floor(alert.rate * expected) + 1)
        if needed <= 170:
            assert at_least(needed, expected) < 1 / 50_000


@examples(5)
@given(percent=PERCENTS)
def test_a_bound_is_the_decimal_that_it_is(percent):
    """Otherwise a share that equals it could be above it, by the last digit of a float."""
    for alert in BURN_ALERTS:
        assert alert.bound(percent) == float(Decimal(str(alert.rate)) * (100 - Decimal(str(percent))) / 100)


def test_no_request_burns_nothing():
    assert burn(0, 0, 99.5) == 0
