"""What is drawn of a training: the numbers are counted by hand, and the same scores give the same bytes."""

import numpy as np
import pytest

from model.service.service import SERVICE
from model.training.drawings import THRESHOLDS, calibration, drawings, thresholds

LABELS = np.array([0, 0, 1, 0, 1, 1, 0, 1, 1, 1])
SCORES = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.6, 0.7, 0.9, 1.0])


def test_calibration_is_the_mean_label_of_rows_with_alike_scores():
    random = np.random.default_rng(0)
    scores = random.uniform(size=20_000)
    labels = (random.uniform(size=20_000) < scores).astype(int)
    found = calibration(labels, scores)
    assert np.all(np.diff(found.score) > 0)
    assert np.all(np.abs(found.label - found.score) < 4 * found.error)
    assert found.error == pytest.approx(np.sqrt(found.label * (1 - found.label) / 2_000))


def test_fewer_rows_than_bins_are_a_bin_each():
    found = calibration(LABELS[:3], SCORES[:3])
    assert (list(found.score), list(found.label)) == ([0.05, 0.1, 0.2], [0, 0, 1])


@pytest.mark.parametrize(
    ("threshold", "precision", "recall", "said"),
    [(0.0, 0.6, 1.0, 1.0), (0.6, 4 / 5, 4 / 6, 0.5), (0.61, 1.0, 3 / 6, 0.3), (1.0, 1.0, 1 / 6, 0.1)],
)
def test_a_threshold_counts_rows_at_or_above_it(threshold, precision, recall, said):
    at = int(np.argmin(np.abs(THRESHOLDS - threshold)))
    found = thresholds(LABELS, SCORES)
    counted = (found.precision[at], found.recall[at], found.said[at])
    assert counted == pytest.approx((precision, recall, said))


def test_a_threshold_that_no_row_reaches_has_no_precision():
    found = thresholds(LABELS, SCORES / 2)
    assert np.isnan(found.precision[-1])
    assert found.recall[-1] == 0


@pytest.mark.sandbox
def test_the_same_scores_are_the_same_bytes():
    first, second = (drawings(SERVICE, LABELS, SCORES) for _ in range(2))
    assert first == second
    assert set(first) == {"calibration.png", "thresholds.png"}
    assert all(content.startswith(b"\x89PNG") and len(content) > 5_000 for content in first.values())


def test_scores_that_are_no_numbers_are_not_drawn():
    assert drawings(SERVICE, LABELS, np.where(SCORES > 0.5, np.nan, SCORES)) == {}
