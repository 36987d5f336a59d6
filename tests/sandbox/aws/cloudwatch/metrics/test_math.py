"""Metric math: operators, functions, arrays, missing data, and what is refused. Values only."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.metrics.math_syntax import BadExpression, functions, names, parse
from sandbox.aws.cloudwatch.metrics.math_values import Context, Value, evaluate

TIMES = [0, 60, 120]
SERIES: dict[str, Value] = {
    "requests": {0: 100.0, 60: 10.0, 120: 40.0},
    "errors": {0: 5.0, 60: 9.0},
    "m1": {0: 1.0, 120: 3.0},
    "m2": {0: 10.0, 60: 20.0},
    "zero": {0: 0.0, 60: 0.0, 120: 0.0},
}


def value(text: str) -> Value:
    return evaluate(parse(text), Context(SERIES, list(SERIES), TIMES, 60))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IF(requests >= 20, 100 * errors / requests, 0)", {0: 5.0, 60: 0.0}),
        ("errors / requests * 100", {0: 5.0, 60: 90.0}),
        ("100*(errors/requests)", {0: 5.0, 60: 90.0}),
        ("requests - errors", {0: 95.0, 60: 1.0}),
        ("errors / zero", {}),
        ("m1 + 2 * 3 ^ 2", {0: 19.0, 120: 21.0}),
        ("-m1 - -1", {0: 0.0, 120: -2.0}),
        ("requests > 20 AND requests < 100", {0: 0.0, 60: 0.0, 120: 1.0}),
        ("requests == 10 || m2 == 10", {0: 1.0, 60: 1.0}),
        ("m1 + SUM(m2)", {0: 31.0, 120: 33.0}),
        ("SUM([m1, m2])", {0: 11.0, 60: 20.0, 120: 3.0}),
        ("AVG([m1, m2])", {0: 5.5, 60: 20.0, 120: 3.0}),
        ("MIN([m1, m2])", {0: 1.0, 60: 20.0, 120: 3.0}),
        ("MAX([m1, m2])", {0: 10.0, 60: 20.0, 120: 3.0}),
        ("SUM(METRICS('m'))", {0: 11.0, 60: 20.0, 120: 3.0}),
        ("MAX(METRICS())", {0: 100.0, 60: 20.0, 120: 40.0}),
        ("FILL(m1, 0)", {0: 1.0, 60: 0.0, 120: 3.0}),
        ("FILL(m1, REPEAT)", {0: 1.0, 60: 1.0, 120: 3.0}),
        ("FILL(m1, LINEAR)", {0: 1.0, 60: 2.0, 120: 3.0}),
        ("FILL(m1, m2)", {0: 1.0, 60: 20.0, 120: 3.0}),
        ("IF(FILL(m1, 0), m2)", {0: 10.0}),
        ("IF(requests > 20, m1, m2)", {0: 1.0, 60: 20.0, 120: 3.0}),
        ("RATE(m2)", {60: 10 / 60}),
        ("DIFF(m2)", {60: 10.0}),
        ("RUNNING_SUM(m2)", {0: 10.0, 60: 30.0}),
        ("m2 / PERIOD(m2)", {0: 10 / 60, 60: 20 / 60}),
        ("TIME_SERIES(7)", {0: 7.0, 60: 7.0, 120: 7.0}),
        ("m2 * METRIC_COUNT(METRICS())", {0: 50.0, 60: 100.0}),
        ("abs(-m2)", {0: 10.0, 60: 20.0}),
        ("CEIL(m2 / 7)", {0: 2.0, 60: 3.0}),
    ],
)
def test_expressions(text: str, expected: dict[int, float]) -> None:
    assert value(text) == pytest.approx(expected)


def test_a_number_is_a_number() -> None:
    assert value("AVG(m2)") == 15.0
    assert value("2 + 3 * 4") == 14.0
    assert math.isnan(value("1 / 0"))  # ty: ignore[invalid-argument-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m1 +",
        "(m1",
        "m1)",
        "m1 m2",
        "SUM()",
        "SUM(m1, m2)",
        "NOPE(m1)",
        "unknown + 1",
        "'x' + 1",
        "m1 $ m2",
        *("IF(m1)", "FILL(m1)", "METRICS(1)", "[m1] + [m1, m2]", "x" * 3000, "(" * 500 + "m1" + ")" * 500),
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        value(text)


def test_what_is_not_covered_says_so() -> None:
    with pytest.raises(NotImplementedError, match="ANOMALY_DETECTION_BAND"):
        value("ANOMALY_DETECTION_BAND(m1)")


@pytest.mark.parametrize(
    "text", ["CEIL(1 / 0) + m1", "FLOOR(m1 / 0)", "m1 ^ 9999", "SUM([m1 * 10 ^ 308, m2 * 10 ^ 308])"]
)
def test_what_is_no_number_is_no_data(text: str) -> None:
    found = value(text)
    assert isinstance(found, dict)
    assert all(math.isfinite(number) for number in found.values())


def test_names_and_functions() -> None:
    tree = parse("IF(a >= 20, 100 * b / a, FILL(c, 0))")
    assert names(tree) == {"a", "b", "c"}
    assert {"IF", "FILL"} <= functions(tree)


EXPRESSIONS = st.recursive(
    st.sampled_from(["requests", "errors", "m1", "2", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", ">", "AND"]), inner).map(
            lambda t: f"({' '.join(t)})"
        ),
        st.tuples(inner, inner, inner).map(lambda t: f"IF({', '.join(t)})"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_any_expression_gives_finite_values_at_known_times(text: str) -> None:
    result = value(text)
    if isinstance(result, dict):
        assert set(result) <= set(TIMES)


@given(st.text(alphabet="m12 +-*/()[],'IF<>=AND^", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadExpression):
        value(text)
