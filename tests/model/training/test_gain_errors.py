"""The standard error of a gain is that which resampling the rows shows."""

import math

import numpy as np
import pytest

from model.training.kinds.binary import BINARY
from model.training.kinds.measures import Measures
from model.training.kinds.multiclass import measures
from model.training.kinds.regression import REGRESSION

CLASSES = measures(("low", "middle", "high"))
ROWS, RESAMPLED = 1_500, 400


def made(kind: Measures, seed: int = 0):
    """Labels, and two models' scores of them, which are wrong partly together."""
    random = np.random.default_rng(seed)
    truth, shared = random.normal(size=ROWS), random.normal(size=ROWS)
    ours, theirs = (truth + 0.7 * shared + each * random.normal(size=ROWS) for each in (0.5, 0.9))
    if kind is CLASSES:
        labels = np.digitize(truth, [-0.5, 1.0])
        return labels, *(np.stack([-each, -abs(each - 0.3), each], axis=1) for each in (ours, theirs))
    if kind is BINARY:
        # In steps, so that there are ties.
        return (truth > 0.6).astype(int), np.round(ours, 1), np.round(theirs, 1)
    return truth, 0.5 * ours, 0.5 * theirs


@pytest.mark.parametrize("kind", [BINARY, REGRESSION, CLASSES], ids=["binary", "regression", "multiclass"])
def test_it_is_what_the_bootstrap_finds(kind):
    labels, ours, theirs = made(kind)
    constant, random, gains = kind.constant(labels), np.random.default_rng(1), []
    for _ in range(RESAMPLED):
        rows = random.integers(0, ROWS, ROWS)
        one, two = (kind.score(labels[rows], scores[rows], constant) for scores in (ours, theirs))
        gains.append(one - two)
    assert kind.error(labels, ours, theirs, constant) == pytest.approx(np.std(gains), rel=0.15)


@pytest.mark.parametrize("kind", [BINARY, REGRESSION, CLASSES], ids=["binary", "regression", "multiclass"])
def test_a_model_beside_itself_gains_nothing_for_sure(kind):
    labels, ours, _ = made(kind)
    assert kind.error(labels, ours, ours, kind.constant(labels)) == 0


@pytest.mark.parametrize("labels", [np.zeros(5), np.ones(5)])
def test_labels_of_one_kind_have_no_auc_and_no_error(labels):
    assert math.isnan(BINARY.error(labels, np.arange(5.0), np.arange(5.0), 0.0))


@pytest.mark.parametrize("labels", [np.zeros(6, int), np.array([0, 1, 2, 2, 2, 2])])
def test_classes_of_a_row_or_less_have_no_error(labels):
    scores = np.random.default_rng(0).random((6, 3))
    assert math.isnan(CLASSES.error(labels, scores, scores[::-1], None))
