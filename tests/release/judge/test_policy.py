"""Policies that cannot decide are refused, with the reason."""

from typing import Any

import pytest
from pydantic import ValidationError

from release.domain.policy import Policy


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"alpha": 0}, "greater than 0"),
        ({"alpha": 1}, "less than 1"),
        ({"beta": 1}, "less than 1"),
        ({"errors": {"fail_times": 1, "fail_plus": 0}}, "no margin"),
        ({"errors": {"fail_times": 3}}, "inside the FAIL margin"),
        ({"errors": {"pass_plus": 0.0001}}, "inside the FAIL margin"),
        ({"errors": {"pass_at_most_plus": 0.0001}}, "inside fail_plus"),
        ({"latency": {"body": {"fail": 1.0, "passes": 1.1}}}, "no margin"),
        ({"latency": {"body": {"fail": 1.2, "passes": 1.1}}}, "inside the FAIL margin"),
        ({"latency": {"plus_ms": -1}}, "greater than or equal to 0"),
        ({"score": {"share": {"fail": 0.2, "passes": 0.1}}}, "inside the FAIL margin"),
        ({"score": {"rank": {"fail": 0, "passes": 0.1}}}, "greater than 0"),
        ({"require": []}, "no evidence"),
        ({"require": ["speed"]}, "errors"),
        ({"fresh_seconds": 1}, "shorter than a block"),
        ({"block_seconds": 0}, "greater than 0"),
        ({"margin": 3}, "Extra inputs"),
    ],
)
def test_a_policy_that_cannot_decide_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Policy.model_validate(wrong)


def test_the_default_decides() -> None:
    assert Policy.model_validate({}) == Policy()


def test_the_least_slow_down_that_matters_follows_from_the_objective() -> None:
    assert Policy().for_objective(500) == Policy()
    strict = Policy(alpha=0.02).for_objective(100)
    assert (strict.latency.plus_ms, strict.latency.tail_plus_ms, strict.alpha) == (0.2, 1.0, 0.02)
    assert strict.for_objective(1000) == strict


def test_an_amount_that_the_policy_says_itself_stays() -> None:
    latency = Policy.model_validate({"latency": {"plus_ms": 0}}).for_objective(1000).latency
    assert (latency.plus_ms, latency.tail_plus_ms) == (0, 10)
