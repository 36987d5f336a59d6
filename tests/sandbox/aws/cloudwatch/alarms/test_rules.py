"""The tables of CloudWatch's documentation on missing data, row by row, and what else an alarm decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.alarms.rules import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    TREATMENTS,
    Rule,
    decide,
    is_low_sample,
    reason,
)

KEPT = None
SIGNS = {"0": 0.0, "X": 2.0, "-": None}


def points(text: str) -> list[float | None]:
    """Datapoints as the documentation draws them: 0 is fine, X breaches 1, - is missing."""
    return [SIGNS[sign] for sign in text.split()]


def rule(periods: int, datapoints: int, missing: str = "missing") -> Rule:
    return Rule("GreaterThanThreshold", 1.0, periods, datapoints, missing)


THREE_OF_THREE = [
    ("0 - X - X", OK, OK, OK, OK),
    ("0 - - - -", OK, OK, OK, OK),
    ("- - - - -", INSUFFICIENT_DATA, KEPT, ALARM, OK),
    ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
    ("- - X - -", ALARM, KEPT, ALARM, OK),
]
TWO_OF_THREE = [
    ("0 - X - X", ALARM, ALARM, ALARM, ALARM),
    ("0 0 X 0 X", ALARM, ALARM, ALARM, ALARM),
    ("0 - X - -", OK, OK, ALARM, OK),
    ("- - - - 0", OK, OK, ALARM, OK),
    ("- - - X -", ALARM, KEPT, ALARM, OK),
]
COLUMNS = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize("row", THREE_OF_THREE, ids=lambda row: row[0])
def test_three_of_three(row: tuple[str, ...]) -> None:
    assert [decide(rule(3, 3, missing), points(row[0])) for missing in COLUMNS] == list(row[1:])


@pytest.mark.parametrize("row", TWO_OF_THREE, ids=lambda row: row[0])
def test_two_of_three(row: tuple[str, ...]) -> None:
    assert [decide(rule(3, 2, missing), points(row[0])) for missing in COLUMNS] == list(row[1:])


@pytest.mark.parametrize("text", ["- - - - X", "- - - X -"])
def test_a_first_breach_does_not_ring_too_early(text: str) -> None:
    assert decide(rule(3, 3), points(text)) is KEPT


@given(
    st.lists(st.sampled_from([0.0, 2.0]), min_size=7, max_size=7),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(TREATMENTS),
)
def test_with_all_data_only_the_newest_periods_count(
    values: list[float], periods: int, datapoints: int, missing: str
) -> None:
    datapoints = min(datapoints, periods)
    expected = ALARM if sum(value > 1 for value in values[-periods:]) >= datapoints else OK
    assert decide(rule(periods, datapoints, missing), values) == expected


@given(st.lists(st.sampled_from([0.0, 2.0, None]), min_size=5, max_size=5), st.integers(1, 3))
def test_breaching_rings_whenever_not_breaching_does(values: list[float | None], datapoints: int) -> None:
    if decide(rule(3, datapoints, "notBreaching"), values) == ALARM:
        assert all(decide(rule(3, datapoints, missing), values) == ALARM for missing in COLUMNS)


@pytest.mark.parametrize(
    ("comparison", "rings"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_comparisons(comparison: str, rings: list[bool]) -> None:
    compared = Rule(comparison, 1.0, 1, 1)
    assert [compared.breached(value) for value in (0.5, 1.0, 1.5)] == rings


def test_low_samples_as_documented() -> None:
    assert is_low_sample(0.99, 999)
    assert not is_low_sample(0.99, 1000)
    assert is_low_sample(0.5, 19)
    assert not is_low_sample(0.5, 20)
    assert is_low_sample(0.1, 99)
    assert not is_low_sample(0.1, 100)


def test_reasons_are_cloudwatchs_words() -> None:
    shown = [("24/11/26 08:00:00", 0.0), ("24/11/26 08:01:00", None), ("24/11/26 08:02:00", 3.0)]
    assert reason(rule(1, 1), ALARM, shown) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [3.0 (24/11/26 08:02:00)] was greater than the "
        "threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert reason(rule(1, 1), OK, shown[:2]) == (
        "Threshold Crossed: 1 datapoint [0.0 (24/11/26 08:00:00)] was not greater than the threshold (1.0)."
    )
    assert reason(rule(2, 2), INSUFFICIENT_DATA, [("a", None), ("b", None)]) == (
        "Insufficient Data: 2 datapoints were unknown."
    )
    assert reason(rule(1, 1, "notBreaching"), OK, [("a", None)]) == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )
