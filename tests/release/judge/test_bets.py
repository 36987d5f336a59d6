"""The promise under everything: no null, however live behaves, gives a block an expectation above 1."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.judge import bets

rates = st.floats(0.0, 1.0)
inner = st.floats(0.001, 0.999)


def one(value: float) -> np.ndarray:
    return np.full((1, 1), value)


def expectation(found: bets.Bets, n_c: int, n_b: int, theta_c: float, theta_b: float) -> float:
    """Exact expectation of the e-value for 0/1 values: a product over independent requests."""
    won = 1 + found.size[0, 0] * (theta_c - found.centre[0, 0])
    lost = 1 - found.live_size[0, 0] * (theta_b - found.live_centre[0, 0])
    return won**n_c * lost**n_b


@given(
    times=st.floats(1.0, 3.0),
    plus=st.floats(0.0, 0.3),
    side=st.sampled_from([1.0, -1.0]),
    n_c=st.integers(1, 500),
    n_b=st.integers(1, 500),
    target=inner,
    live=inner,
    spread=st.floats(0.02, 1.0),
    theta_b=rates,
    beyond=rates,
)
def test_expectation_is_at_most_one_over_the_whole_null(
    times: float,
    plus: float,
    side: float,
    n_c: int,
    n_b: int,
    target: float,
    live: float,
    spread: float,
    theta_b: float,
    beyond: float,
) -> None:
    null = bets.Null(one(times), one(plus), one(side))
    found = bets.choose(null, one(n_c), one(n_b), one(target), one(live), one(spread))
    line = min(times * theta_b + plus, 1.0)
    theta_c = beyond * line if side > 0 else line + beyond * (1 - line)
    if side < 0 and times * theta_b + plus > 1:
        return  # this null is empty
    assert expectation(found, n_c, n_b, theta_c, theta_b) <= 1 + 1e-9


@given(
    n_c=st.integers(1, 300),
    n_b=st.integers(1, 300),
    target=inner,
    live=inner,
    times=st.floats(1, 3),
    plus=st.floats(0, 0.3),
    side=st.sampled_from([1.0, -1.0]),
)
def test_no_request_can_ruin_a_bet(
    n_c: int, n_b: int, target: float, live: float, times: float, plus: float, side: float
) -> None:
    null = bets.Null(one(times), one(plus), one(side))
    found = bets.choose(null, one(n_c), one(n_b), one(target), one(live), one(1.0))
    for value in (0.0, 1.0):
        assert 1 + found.size[0, 0] * (value - found.centre[0, 0]) > 0
        assert 1 - found.live_size[0, 0] * (value - found.live_centre[0, 0]) > 0


def test_a_target_inside_the_null_bets_nothing() -> None:
    null = bets.Null(one(1.25), one(0.0002), one(1.0))
    found = bets.choose(null, one(100), one(300), one(0.001), one(0.001), one(1.0))
    assert found.size[0, 0] == 0


def test_the_bet_is_the_likelihood_ratio_of_its_projection() -> None:
    """With equal samples and the null of equal rates, the projection is the mean of both."""
    null = bets.Null(one(1.0), one(0.0), one(1.0))
    found = bets.choose(null, one(100), one(100), one(0.3), one(0.1), one(1.0))
    assert found.centre[0, 0] == pytest.approx(0.2, abs=1e-3)
    assert 1 + found.size[0, 0] * (1 - found.centre[0, 0]) == pytest.approx(0.3 / 0.2, rel=0.02)


def test_graded_values_keep_the_promise() -> None:
    """A null with equal distributions of a graded value, enumerated: expectation 1 at most."""
    null = bets.Null(one(1.0), one(0.0), one(1.0))
    values = np.array([[0.0, 0.1, 1.0]])
    chances = np.array([0.9, 0.08, 0.02])
    found = bets.choose(null, one(3), one(9), one(0.2), one(0.028), one(0.7))
    none = np.zeros((1, 3))
    won = lost = 0.0
    for chance, level in zip(chances, np.eye(3)[:, None, :], strict=True):
        won += chance * np.exp(bets.log_e(found, values, level, none))[0, 0]
        lost += chance * np.exp(bets.log_e(found, values, none, level))[0, 0]
    assert won**3 * lost**9 <= 1 + 1e-12
