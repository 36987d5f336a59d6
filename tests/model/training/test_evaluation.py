"""Measures on scores small enough to work out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from model.service.bounds import CARRIER_ROWS
from model.service.service import SERVICE
from model.training.evaluation import evaluate, gain, metrics
from model.training.kinds.regression import REGRESSION

ROWS = pd.DataFrame(
    {
        "late": [0, 0, 1, 1],
        "origin": ["EWR", "JFK", "EWR", "JFK"],
        "carrier": ["UA", "UA", "UA", "UA"],
    }
)


def test_measures_of_four_flights():
    result = evaluate(SERVICE, ROWS, np.array([0.1, 0.6, 0.8, 0.5]), 0.5)
    loss = -np.log([0.9, 0.4, 0.8, 0.5]).mean()
    assert result.values == {
        "rows": 4,
        "base_rate": 0.5,
        "auc": 0.75,  # of four pairs, one is in the wrong order
        "log_loss": pytest.approx(loss),
        "log_loss_ratio": pytest.approx(loss / math.log(2)),
        "bias": pytest.approx(0.0),
    }
    assert result.slices["origin"] == {"EWR": 1.0, "JFK": 0.0}


def test_small_carriers_are_not_measured_on_their_own():
    rows = pd.concat([ROWS] * (CARRIER_ROWS // 4) + [ROWS.assign(carrier="HA")])
    result = evaluate(SERVICE, rows, np.linspace(0, 1, len(rows)), 0.5)
    assert set(result.slices["carrier"]) == {"UA"}


def test_a_score_that_is_no_number_leaves_everything_unmeasured():
    result = evaluate(SERVICE, ROWS, np.array([0.1, math.nan, 0.8, 0.5]), 0.5)
    assert math.isnan(result.values["auc"])
    assert math.isnan(result.values["log_loss_ratio"])
    found = metrics("test", "auc", result)
    assert set(found) == {"test_rows", "test_base_rate", "test_auc_origin_EWR"}


def test_a_slice_without_late_flights_is_unmeasured():
    rows = ROWS.assign(origin=["EWR", "EWR", "JFK", "JFK"])
    found = evaluate(SERVICE, rows, np.full(4, 0.5), 0.5)
    assert all(math.isnan(value) for value in found.slices["origin"].values())


def test_gain_is_positive_for_the_better_ranking():
    better, worse = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.1, 0.6, 0.8, 0.5])
    assert gain(SERVICE, ROWS, better, worse, 0.5).value == 0.25
    assert gain(SERVICE, ROWS, worse, better, 0.5).value == -0.25


def test_measures_of_numbers_are_held_against_the_constant():
    labels, scores = np.array([1.0, 3.0, 5.0]), np.array([2.0, 3.0, 5.0])
    # Beside the constant 2: squared errors 1 + 1 + 9, absolute ones 1 + 1 + 3.
    assert REGRESSION.values(labels, scores, 2.0) == {
        "rows": 3,
        "mean": 3.0,
        "r2": pytest.approx(1 - 1 / 11),
        "mae": pytest.approx(1 / 3),
        "mae_ratio": pytest.approx(1 / 5),
        "bias": pytest.approx((1 / 3) / math.sqrt(8 / 3)),
    }
    assert REGRESSION.score(labels, np.full(3, 2.0), 2.0) == 0
    assert REGRESSION.score(labels, np.full(3, -9.0), 2.0) < 0


def test_numbers_that_are_none_and_labels_that_never_differ_are_unmeasured():
    labels = np.array([1.0, 3.0])
    found = REGRESSION.values(labels, np.array([1.0, math.nan]), 2.0)
    assert all(math.isnan(found[name]) for name in ("r2", "mae", "mae_ratio", "bias"))
    same = REGRESSION.values(np.array([2.0, 2.0]), np.array([2.0, 2.0]), 2.0)
    assert all(math.isnan(same[name]) for name in ("r2", "mae_ratio", "bias"))
