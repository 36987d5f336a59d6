"""Evidence of days keeps its promise whenever one looks, and finds a gap that is there."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from monitoring.quality import calibration
from monitoring.quality.calibration import Gaps

SPREAD, TOLERANCE = 0.1, 0.05
STREAMS, DAYS = 120, 90
FIRST = date(2026, 1, 1)


def gaps(values: np.ndarray, above: float = SPREAD, below: float = SPREAD) -> Gaps:
    """Days with these gaps and no chance besides."""
    count = len(values)
    days = tuple(FIRST + timedelta(days=number) for number in range(count))
    variances = (np.full(count, spread**2) for spread in (above, below))
    return Gaps(days, values, *variances, np.full(count, 100))


def streams(mean: float, seed: int) -> np.ndarray:
    """Many streams of days around one mean."""
    return np.random.default_rng(seed).normal(mean, SPREAD, (STREAMS, DAYS))


@pytest.mark.parametrize("side", [1, -1])
def test_a_stream_at_the_tolerance_alarms_ever_with_the_probability_that_was_said(side: int) -> None:
    error = 0.05
    found = [
        calibration.evidence(gaps(one), TOLERANCE, side).first(error) is not None
        for one in streams(side * TOLERANCE, seed=1)
    ]
    assert np.mean(found) <= error + 2 * math.sqrt(error * (1 - error) / STREAMS)


@pytest.mark.parametrize(("begin", "within"), [(0, 10), (60, 15)])
def test_a_gap_is_found_soon_whether_it_was_there_at_once_or_comes_late(begin: int, within: int) -> None:
    took = []
    for one in streams(0.0, seed=2):
        one[begin:] += 0.25
        found = gaps(one)
        first = calibration.evidence(found, TOLERANCE, 1).first(0.025)
        assert first is not None
        took.append(first - begin + 1)
        assert abs(calibration.began(found, TOLERANCE, 1, first) - begin) <= first + 1
    assert np.median(took) <= within


def test_where_it_began_is_where_the_days_beyond_the_tolerance_begin() -> None:
    values = np.concatenate([np.zeros(30), np.full(8, 0.3)])
    assert calibration.began(gaps(values), TOLERANCE, 1, 37) == 30


def test_a_side_goes_by_its_own_spread() -> None:
    values = np.full(12, -0.25)
    wide = calibration.evidence(gaps(values, below=0.3), TOLERANCE, -1).log_capital
    narrow = calibration.evidence(gaps(values, above=0.3), TOLERANCE, -1).log_capital
    assert narrow[-1] > math.log(40) > wide[-1]


def test_the_bound_holds_the_truth_at_every_look() -> None:
    error = 0.05
    wrong = 0
    for one in streams(0.03, seed=3)[:, :60]:
        found = gaps(one)
        looks = [calibration.bound(_first(found, days), error) for days in range(3, len(found) + 1, 3)]
        wrong += any(not look.low <= 0.03 <= look.high for look in looks)
    assert wrong / STREAMS <= error + 2 * math.sqrt(error * (1 - error) / STREAMS)
    assert looks[-1].high - looks[-1].low < 0.15


def test_where_the_bound_is_narrowest_no_later_day_has_a_say() -> None:
    found = gaps(np.zeros(4))
    halves = []
    for variances in ([1.0, 2.0, 3.0, 7.0], [1.0, 4.0, 4.0, 4.0]):
        chosen = np.array(variances)
        both = calibration.bound(Gaps(found.days, found.values, chosen, chosen, found.rows), 0.05)
        halves.append(both.high)
    assert halves[0] == halves[1], "the days vary as much in all, and the first ones alike"


def _first(found: Gaps, days: int) -> Gaps:
    return Gaps(
        found.days[:days], found.values[:days], found.above[:days], found.below[:days], found.rows[:days]
    )
