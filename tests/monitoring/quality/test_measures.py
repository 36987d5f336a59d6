"""AUC and log loss from counts are those of the rows, and their errors know of days."""

from datetime import date, timedelta

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from monitoring.quality import measures
from monitoring.quality.days import ALL, Day, Rows, counted


def stream(days: int, effect: float = 0.0) -> tuple[list[Day], np.ndarray, np.ndarray]:
    """Days of scored rows; `effect` moves the log odds of all rows of a day together."""
    random = np.random.default_rng(7)
    found, scores, truths = [], [], []
    for number in range(days):
        logit = random.normal(-1, 1, 400)
        score = 1 / (1 + np.exp(-logit))
        truth = (random.random(400) < 1 / (1 + np.exp(-logit - effect * random.normal()))).astype(float)
        rows = Rows(score, truth, np.ones(400), np.zeros(400, bool))
        found.append(counted(date(2026, 1, 1) + timedelta(days=number), "abcabcabcabc", ALL, rows))
        scores.append(score)
        truths.append(truth)
    return found, np.concatenate(scores), np.concatenate(truths)


def test_they_are_those_of_the_rows() -> None:
    days, scores, truths = stream(10)
    assert measures.auc(days).value == pytest.approx(roc_auc_score(truths, scores), abs=5e-4)
    ratio = log_loss(truths, scores) / log_loss(truths, np.full(len(truths), 0.3))
    assert measures.log_loss_ratio(days, 0.3).value == pytest.approx(ratio)


def test_days_that_differ_make_the_error_larger() -> None:
    alike, differ = (measures.log_loss_ratio(stream(28, effect)[0], 0.3).error for effect in (0.0, 3.0))
    assert differ > 2 * alike


def test_a_few_days_have_no_interval_and_show_nothing() -> None:
    found = measures.auc(stream(3)[0])
    assert np.isnan(found.error)
    assert not found.below(0.99, 0.05)


def test_a_day_of_one_outcome_has_no_auc() -> None:
    rows = Rows(np.full(5, 0.5), np.zeros(5), np.ones(5), np.zeros(5, bool))
    assert np.isnan(measures.auc([counted(date(2026, 1, 1), "abcabcabcabc", ALL, rows)]).value)
