"""An incident common to both, seen by clocks that lie two seconds apart: its edges are no regression.

At 500 requests/s one block of five seconds would be proof enough.
"""

import numpy as np
import pytest

from release.judge.judge import Judge
from release.judge.verdict import Decision
from tests.release.judge.traffic import counts, fold

BEGINS, ENDS, BLOCKS = 30, 50, 70


def variant(seed: int, requests: int, skew: float) -> np.ndarray:
    """Windows of a variant through an incident, whose clock is ahead by `skew` of a block."""
    rng = np.random.default_rng(seed)
    good = counts(rng, BLOCKS, requests)
    bad = counts(rng, BLOCKS, requests, errors=0.15, slower=2.5)
    share = np.clip(np.arange(BLOCKS) + 1 - BEGINS - skew, 0, 1)
    share -= np.clip(np.arange(BLOCKS) + 1 - ENDS - skew, 0, 1)
    return np.vstack([_some(rng, *each) for each in zip(good, bad, share, strict=True)])


def _some(rng: np.random.Generator, good: np.ndarray, bad: np.ndarray, share: float) -> np.ndarray:
    return rng.binomial(good.astype(int), 1 - share) + rng.binomial(bad.astype(int), share).astype(float)


def both(skew: float, inside: float = 0.0) -> Judge:
    """A judge that saw live's clock `inside` a block, and the candidate's `skew` of a block ahead."""
    candidate, live = variant(1, 1250, inside + skew), variant(2, 1250, inside)
    candidate[:12] = 0
    return fold(candidate, live)


@pytest.mark.parametrize("skew", [0.4, -0.4])
@pytest.mark.parametrize("inside", [0.0, 0.2, 0.5, 0.9])
def test_clocks_apart_roll_nobody_back(skew: float, inside: float) -> None:
    assert both(skew, inside).failed is None


def test_a_regression_in_an_incident_still_fails() -> None:
    candidate, live = variant(1, 1250, 0.0), variant(2, 1250, 0.0)
    candidate[:12] = 0
    worse = counts(np.random.default_rng(3), BLOCKS, 1250, errors=0.3, slower=4.0)
    candidate[BEGINS + 5 : BEGINS + 10] = worse[:5]
    assert fold(candidate[: BEGINS + 10], live[: BEGINS + 10]).decision() is Decision.FAIL


def test_one_that_turns_bad_fails_a_block_later_and_one_that_is_bad_at_once() -> None:
    rng = np.random.default_rng(4)
    live, candidate = counts(rng, 40, 1250), counts(rng, 40, 1250)
    bad = counts(rng, 40, 1250, errors=0.5)
    candidate[:12] = 0
    early, late = candidate.copy(), candidate.copy()
    early[12:], late[30:] = bad[12:], bad[30:]
    assert fold(early[:13], live[:13]).decision() is Decision.FAIL
    assert fold(late[:31], live[:31]).decision() is Decision.HOLD
    assert fold(late[:32], live[:32]).decision() is Decision.FAIL


def test_one_that_turns_bad_and_silent_fails() -> None:
    rng = np.random.default_rng(4)
    live, candidate = counts(rng, 40, 1250), counts(rng, 40, 1250)
    candidate[:12] = 0
    candidate[30] = counts(rng, 1, 1250, errors=0.5)[0]
    candidate[31:] = 0
    assert fold(candidate[:32], live[:32]).decision() is Decision.FAIL
