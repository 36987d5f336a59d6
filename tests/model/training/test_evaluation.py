"""Measures on scores small enough to work out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from model.training.evaluation import CARRIER_ROWS, auc_gain, evaluate, metrics

ROWS = pd.DataFrame(
    {
        "late": [0, 0, 1, 1],
        "origin": ["EWR", "JFK", "EWR", "JFK"],
        "carrier": ["UA", "UA", "UA", "UA"],
    }
)


def test_measures_of_four_flights():
    result = evaluate(ROWS, np.array([0.1, 0.6, 0.8, 0.5]), prior=0.5)
    assert result.base_rate == 0.5
    assert result.auc == 0.75  # of four pairs, one is in the wrong order
    assert result.bias == pytest.approx(0.0)
    assert result.log_loss == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.5]).mean())
    assert result.log_loss_ratio == pytest.approx(result.log_loss / math.log(2))
    assert result.auc_by_origin == {"EWR": 1.0, "JFK": 0.0}


def test_small_carriers_are_not_measured_on_their_own():
    rows = pd.concat([ROWS] * (CARRIER_ROWS // 4) + [ROWS.assign(carrier="HA")])
    result = evaluate(rows, np.linspace(0, 1, len(rows)), prior=0.5)
    assert set(result.auc_by_carrier) == {"UA"}


def test_a_score_that_is_no_number_leaves_everything_unmeasured():
    result = evaluate(ROWS, np.array([0.1, math.nan, 0.8, 0.5]), prior=0.5)
    assert math.isnan(result.auc)
    assert math.isnan(result.log_loss_ratio)
    assert set(metrics("test", result)) == {"test_rows", "test_base_rate", "test_auc_origin_EWR"}


def test_a_group_without_late_flights_is_unmeasured():
    rows = ROWS.assign(origin=["EWR", "EWR", "JFK", "JFK"])
    assert all(math.isnan(value) for value in evaluate(rows, np.full(4, 0.5), 0.5).auc_by_origin.values())


def test_gain_is_positive_for_the_better_ranking():
    late = ROWS["late"].to_numpy()
    better, worse = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.1, 0.6, 0.8, 0.5])
    assert auc_gain(late, better, worse) == 0.25
    assert auc_gain(late, worse, better) == -0.25
