"""The rules of composite alarms. Values only."""

import pytest

from sandbox.aws.cloudwatch.alarms.composite import BadRule, alarms, holds, parse

STATES = {"errors": "ALARM", "slow one": "OK", "idle": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALARM(errors)", True),
        ('ALARM("slow one")', False),
        ('OK("slow one") AND INSUFFICIENT_DATA(idle)', True),
        ("NOT ALARM(errors)", False),
        ("ALARM(idle) OR ALARM(errors)", True),
        ("ALARM(errors) AND (ALARM(idle) OR NOT OK(idle))", True),
        ("ALARM(idle) AND ALARM(errors) OR TRUE", True),
        ("FALSE", False),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors)", True),
        ("ALARM(gone)", False),
    ],
)
def test_rules(text: str, expected: bool) -> None:
    assert holds(parse(text), STATES.get) is expected


def test_the_alarms_of_a_rule() -> None:
    assert alarms(parse('ALARM(a) AND NOT (OK("b c") OR TRUE)')) == {"a", "b c"}


@pytest.mark.parametrize(
    "text", ["", "ALARM", "ALARM()", "ALARM(a) ALARM(b)", "AND ALARM(a)", "(ALARM(a)", "BAD(a)", "(" * 99]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(BadRule):
        parse(text)
