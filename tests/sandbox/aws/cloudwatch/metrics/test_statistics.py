"""Percentiles, trimmed means and the rest against plain arithmetic on all values. Values only."""

import statistics as plain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.metrics.distributions import (
    DISTINCT,
    Distribution,
    merged,
    of_statistics,
    of_values,
)
from sandbox.aws.cloudwatch.metrics.statistics import BadStatistic, parse

VALUES = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=1, max_size=60)


def stat(name: str, values: list[float]) -> float | None:
    return parse(name).of(of_values(values))


@given(VALUES)
def test_the_simple_statistics_are_those_of_all_values(values: list[float]) -> None:
    assert stat("Sum", values) == pytest.approx(sum(values), abs=1e-6)
    assert stat("Average", values) == pytest.approx(plain.fmean(values), abs=1e-6)
    assert (stat("Minimum", values), stat("Maximum", values)) == (min(values), max(values))
    assert stat("SampleCount", values) == len(values)


@given(VALUES, st.integers(1, 99))
def test_a_percentile_is_the_interpolated_one(values: list[float], percent: int) -> None:
    expected = plain.quantiles(
        [*values, *values[:1]] if len(values) == 1 else values, n=100, method="inclusive"
    )
    assert stat(f"p{percent}", values) == pytest.approx(expected[percent - 1], abs=1e-6)


@given(VALUES, VALUES)
def test_parts_together_are_the_whole(left: list[float], right: list[float]) -> None:
    both, whole = merged([of_values(left), of_values(right)]), of_values([*left, *right])
    for name in ("Sum", "SampleCount", "p50", "p99.9", "tm90", "Maximum"):
        assert parse(name).of(both) == pytest.approx(parse(name).of(whole), abs=1e-6)


@given(st.integers(0, 1_000_000), st.floats(0.1, 1.2))
def test_many_values_are_kept_in_little_and_right_to_a_percent(seed: int, spread: float) -> None:
    dice = Random(seed)  # noqa: S311
    values = [dice.lognormvariate(5, spread) for _ in range(2 * DISTINCT)]
    distribution = of_values(values)
    assert distribution.values is not None
    assert len(distribution.values) <= DISTINCT
    assert sum(distribution.values.values()) == len(values)
    assert distribution.total == pytest.approx(sum(values))
    ordered = sorted(values)
    found = parse("p50").of(distribution)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    assert found is not None
    assert low * 0.99 <= found <= high * 1.01


@given(VALUES, VALUES)
def test_packed_values_are_the_same_and_can_grow(values: list[float], more: list[float]) -> None:
    packed, plain_one = of_values(values), of_values([*values, *more])
    packed.pack()
    assert packed.values == of_values(values).values
    packed.merge(of_values(more))
    assert packed.values == plain_one.values
    packed.pack(8)
    assert packed.values is not None
    assert len(packed.values) <= max(8, 3), "bins of both signs, and zero"
    assert sum(packed.values.values()) == len(values) + len(more)


def test_values_over_many_powers_of_ten_stay_in_little() -> None:
    distribution = of_values([10 ** (number / 50) for number in range(-5000, 5000)])
    assert distribution.values is not None
    assert len(distribution.values) <= DISTINCT
    assert parse("p50").of(distribution) == pytest.approx(1, rel=0.7)


def test_a_percentile_never_leaves_the_values() -> None:
    distribution = of_values([float(number) for number in range(1, 5000)])
    assert parse("p100").of(distribution) == 4999
    assert parse("p0").of(distribution) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tm90", 5.0),  # the least 90 % of 1..10 are 1..9
        ("TM(10%:90%)", 5.5),
        ("TM(:90%)", 5.0),
        ("TM(90%:)", 10.0),
        ("TM(2:8)", 5.5),  # above 2, up to 8
        ("IQM", 5.5),
        ("wm80", 5.2),  # 9 and 10 count as 8
        ("tc90", 9.0),
        ("ts90", 45.0),
        ("TC(2:8)", 6.0),
        ("PR(:5)", 50.0),
        ("PR(2:8)", 60.0),
    ],
)
def test_trimmed_statistics(name: str, expected: float) -> None:
    assert stat(name, [float(number) for number in range(1, 11)]) == pytest.approx(expected)


@pytest.mark.parametrize(
    "name",
    ["", "sum", "p101", "p", "pp9", "TM()", "TM(:)", "TM(90%:10%)", "TM(1:2%)", "tm(x:y)", "PR(1%:2%)"],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadStatistic):
        parse(name)


def test_a_statistic_set_has_no_percentiles_unless_its_values_are_equal() -> None:
    several = of_statistics({"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4})
    assert parse("Average").of(several) == 2.5
    assert parse("p50").of(several) is None
    assert parse("p50").of(merged([several, of_values([1.0])])) is None
    equal = of_statistics({"SampleCount": 4, "Sum": 8, "Minimum": 2, "Maximum": 2})
    assert parse("p50").of(equal) == 2


def test_nothing_has_no_statistic() -> None:
    assert parse("Sum").of(Distribution()) is None
