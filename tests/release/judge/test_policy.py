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
