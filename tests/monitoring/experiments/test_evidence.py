"""The always-valid test: an e-value under the whole null, few false positives at all looks, and its power."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from monitoring.experiments import shares
from monitoring.experiments.evidence import Block, Effect, Evidence
from monitoring.experiments.planner import Design, Plan, one_look, plan

EFFECT = Effect(0.245, 0.02)
DESIGN = Design(0.245, 0.02)


def expected(evidence: Evidence, sizes: tuple[int, int], rates: tuple[float, float], row: int) -> float:
    """The expectation of a row's capital after one more block, over all that the block may show."""
    n_c, n_b = sizes
    grid = [(x_c, x_b) for x_c in range(n_c + 1) for x_b in range(n_b + 1)]
    weights = [binom.pmf(x_c, n_c, rates[0]) * binom.pmf(x_b, n_b, rates[1]) for x_c, x_b in grid]
    total = 0.0
    for (x_c, x_b), weight in zip(grid, weights, strict=True):
        after = copy(evidence)
        after.add(block(n_c, x_c, n_b, x_b))
        total += weight * math.exp(after.log_wealth[row])
    return total


def copy(evidence: Evidence) -> Evidence:
    made = Evidence.__new__(Evidence)
    made.__dict__ = {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in vars(evidence).items()
    }
    return made


def block(n_c: float, x_c: float, n_b: float, x_b: float, rows: int = 2) -> Block:
    return Block(*(np.full(rows, float(value)) for value in (n_c, x_c, n_b, x_b)))


@given(
    st.sampled_from([-0.1, -0.02, 0.0, 0.02, 0.1]),
    st.floats(0.12, 0.85),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=3),
)
def test_nobody_can_expect_to_win_on_the_edge_of_the_null_whatever_came_before(lift, live, sizes, past):
    evidence = Evidence(np.full(2, lift), np.array([1.0, -1.0]), EFFECT)
    for x_c, x_b in past:
        evidence.add(block(30, x_c, 30, x_b))
    before = np.exp(evidence.log_wealth)
    for row in (0, 1):
        assert expected(evidence, sizes, (live + lift, live), row) <= before[row] * (1 + 1e-9)


def simulated(lift: float, runs: int, looks: int, a_look: int, seed: int) -> np.ndarray:
    """At which look each run found a difference (infinite: never), with a rate that drifts on both sides."""
    drawn = np.random.default_rng(seed)
    evidence = Evidence(np.zeros(2 * runs), np.repeat([1.0, -1.0], runs), EFFECT)
    found = np.full(runs, np.inf)
    for look in range(1, looks + 1):
        base = 0.245 + 0.05 * math.sin(look / 40)
        n = drawn.binomial(a_look, 0.5, runs)
        columns = (n, drawn.binomial(n, base + lift), a_look - n, drawn.binomial(a_look - n, base))
        evidence.add(Block(*(np.tile(column, 2).astype(float) for column in columns)))
        proven = evidence.most.reshape(2, runs).max(axis=0) >= math.log(2 / 0.05)
        found = np.where(proven & np.isinf(found), look, found)
    return found


def test_two_equal_releases_are_hardly_ever_told_apart_however_often_one_looks():
    """`make bench-experiments` does it a thousand times for a month: a z-test is wrong in two of three."""
    found = simulated(0.0, runs=400, looks=1_000, a_look=20, seed=3)
    assert np.isfinite(found).mean() <= 0.05


def test_two_points_are_found_within_what_the_planner_says():
    wanted = plan(DESIGN)
    found = simulated(0.02, runs=300, looks=700, a_look=100, seed=4) * 100
    assert np.median(found) <= 1.3 * wanted.median
    assert np.quantile(found, 0.8) <= 1.3 * wanted.exposures
    assert wanted.median <= 1.1 * one_look(DESIGN), "looking at any time costs no more than that"


def test_a_plan_is_the_same_each_time_and_grows_as_the_effect_shrinks():
    wanted = plan(DESIGN)
    assert plan(DESIGN) == wanted
    assert plan(Design(0.245, 0.01)).median > 3 * wanted.median
    assert plan(Design(0.245, 0.02, percent=10)).median > 2 * wanted.median


def test_a_plan_says_how_many_days():
    assert Plan(median=5_000, exposures=8_000, one_look=6_000).days(1_000, 48) == 10


def test_an_hour_in_which_one_variant_had_nobody_counts_with_the_next():
    one, other = (Evidence(np.zeros(2), np.array([1.0, -1.0]), EFFECT) for _ in range(2))
    one.add(block(5, 2, 0, 0))
    assert one.log_wealth == pytest.approx(0)
    one.add(block(5, 2, 10, 3))
    other.add(block(10, 4, 10, 3))
    assert one.log_wealth == pytest.approx(other.log_wealth)


class TestShares:
    def test_right_shares_are_hardly_ever_called_wrong_though_looked_at_all_the_time(self):
        drawn = np.random.default_rng(5)
        wrong = 0
        for _ in range(200):
            n = drawn.binomial(40, 0.5, 300)
            wrong += shares.shares([(int(c), 40 - int(c)) for c in n], 50).wrong
        assert wrong == 0

    def test_a_variant_that_loses_one_in_twenty_of_its_exposures_is_found(self):
        drawn = np.random.default_rng(6)
        n = drawn.binomial(100, 0.5 * 0.95 / (0.5 + 0.5 * 0.95), 400)
        found = shares.shares([(int(c), 100 - int(c)) for c in n], 50)
        assert found.wrong
        assert found.chi_square > 11

    @given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 99))
    def test_its_evidence_is_expected_to_stay_where_the_share_is_right(self, candidate, live, percent):
        share = percent / 100
        now = shares.log_evidence(candidate, live, percent)
        up = math.exp(shares.log_evidence(candidate + 1, live, percent) - now)
        down = math.exp(shares.log_evidence(candidate, live + 1, percent) - now)
        assert share * up + (1 - share) * down == pytest.approx(1, rel=1e-6)
