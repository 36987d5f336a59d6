"""Retraining on the real engine: a worse model is refused with its numbers, a better one goes to dev."""

import os

import pytest

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def live(world, trained):
    """The release of the logistic model, live in dev."""
    world.set("dev", retrain={"cooldown_days": 0})
    return world.slipway("release", "--model", os.fspath(trained["logistic"])).result["release"]


def test_a_worse_model_is_refused_with_its_numbers_and_nothing_is_released(world, live):
    done = world.slipway("retrain", "dev", "--months", "7-10", "--because", "October is complete", expected=1)
    assert done.result["outcome"] == "worse"


def test_a_better_model_is_live_in_dev_and_comes_on_by_a_proposal(world, live):
    done = world.slipway("retrain", "dev", "--until", "6", "--model", "boosting")
    assert done.result["outcome"] == "released"
    world.assert_at_rest("dev", done.result["release"])
