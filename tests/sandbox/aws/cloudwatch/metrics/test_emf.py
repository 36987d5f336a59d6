"""Embedded metric format: what becomes metrics, and what stays a log line. Values only."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.metrics.emf import points


def line(directive: dict[str, Any] | None = None, **members: Any) -> str:
    about = {
        "Timestamp": 1_700_000_000_500,
        "CloudWatchMetrics": [
            {
                "Namespace": "Service",
                "Dimensions": [["endpoint", "variant"], ["endpoint"]],
                "Metrics": [
                    {"Name": "latency", "Unit": "Milliseconds", "StorageResolution": 1},
                    {"Name": "n"},
                ],
                **(directive or {}),
            }
        ],
    }
    return json.dumps(
        {"_aws": about, "endpoint": "e", "variant": "v", "latency": [1, 2.5, 4], "n": 7, **members}
    )


def test_each_dimension_set_gets_each_metric() -> None:
    found = points(line())
    assert [(p.key.name, p.key.dimensions) for p in found] == [
        ("latency", (("endpoint", "e"), ("variant", "v"))),
        ("latency", (("endpoint", "e"),)),
        ("n", (("endpoint", "e"), ("variant", "v"))),
        ("n", (("endpoint", "e"),)),
    ]
    latency, number = found[0], found[2]
    assert (latency.values.count, latency.values.total, latency.unit, latency.resolution) == (
        3,
        7.5,
        "Milliseconds",
        1,
    )
    assert (number.values.total, number.unit, number.resolution) == (7, "None", 60)
    assert {p.at for p in found} == {1_700_000_000.5}
    assert {p.key.namespace for p in found} == {"Service"}


def test_no_dimensions_are_one_metric_without_any() -> None:
    assert [p.key.dimensions for p in points(line({"Dimensions": [[]]}))] == [(), ()]


def test_a_missing_or_wrong_value_leaves_that_metric_out_alone() -> None:
    for wrong in (None, "5", True, [], ["x"], {"a": 1}, list(range(101))):
        assert {p.key.name for p in points(line(latency=wrong))} == {"n"}


@pytest.mark.parametrize(
    "text",
    [
        "plain words",
        '{"_aws": broken',
        '{"_aws": 1}',
        '["_aws"]',
        json.dumps({"_aws": {"CloudWatchMetrics": []}}),
        line({"Namespace": ""}),
        line({"Dimensions": [["nobody"]]}),
        line({"Dimensions": [["n"]]}),
        line({"Dimensions": "endpoint"}),
        line({"Metrics": [{"Name": "n", "Unit": "Furlongs"}]}),
        line({"Metrics": [{"Name": "n", "StorageResolution": 5}]}),
        line({"Metrics": [{"Name": "n"}] * 101}),
        line({"Dimensions": [[f"d{number}" for number in range(31)]]}),
    ],
)
def test_a_line_that_breaks_the_specification_is_a_log_line(text: str) -> None:
    assert points(text) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, JSON, JSON)
def test_any_json_is_read_without_an_error(metrics: Any, dimensions: Any, value: Any) -> None:
    points(line({"Metrics": metrics, "Dimensions": dimensions}, latency=value, endpoint=value))
    points(json.dumps({"_aws": value}))
