"""Which events fit a pattern, as EventBridge's user guide has it; no sandbox is needed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.events.patterns import BadPattern, parse

EVENT: dict[str, Any] = {
    "source": "aws.sagemaker",
    "region": "us-east-1",
    "resources": ["arn:aws:sagemaker:us-east-1:1:endpoint/delays-prod", "other"],
    "detail": {
        "EndpointStatus": "IN_SERVICE",
        "count": 3,
        "flag": False,
        "none": None,
        "ip": "10.1.2.3",
        "tags": {"team": "flights"},
        "variants": [{"name": "live", "weight": 1.0}, {"name": "shadow", "weight": 0}],
        "empty": [],
    },
}


def detail(**leaves: Any) -> dict[str, Any]:
    return {"detail": leaves}


FIT = [
    {"source": ["aws.sagemaker"]},
    {"source": ["aws.s3", "aws.sagemaker"], "region": ["us-east-1"]},
    {"resources": [{"prefix": "arn:aws:sagemaker:us-east-1:1:endpoint/delays-"}]},
    {"source": [{"prefix": {"equals-ignore-case": "AWS."}}]},
    {"source": [{"suffix": "maker"}]},
    {"source": [{"suffix": {"equals-ignore-case": "MAKER"}}]},
    {"source": [{"equals-ignore-case": "AWS.SageMaker"}]},
    {"resources": [{"wildcard": "arn:*:endpoint/delays-*"}]},
    {"source": [{"anything-but": "aws.s3"}]},
    {"source": [{"anything-but": ["aws.s3", "aws.ec2"]}]},
    {"source": [{"anything-but": {"prefix": "slipway."}}]},
    {"source": [{"anything-but": {"wildcard": "*.s3"}}]},
    detail(count=[3]),
    detail(count=[3.0]),
    detail(count=[{"numeric": [">", 0, "<=", 3]}]),
    detail(count=[{"numeric": ["=", 3]}]),
    detail(flag=[False]),
    detail(none=[None]),
    detail(none=[{"exists": True}]),
    detail(ip=[{"cidr": "10.1.0.0/16"}]),
    detail(absent=[{"exists": False}]),
    detail(empty=[{"exists": False}]),
    detail(absent=[{"exists": False}, "x"]),
    detail(tags={"team": ["flights"]}),
    detail(variants={"name": ["live"], "weight": [1]}),
    {"$or": [{"source": ["aws.s3"]}, detail(count=[{"numeric": ["<", 5]}])]},
    {"source": ["aws.sagemaker"], "detail": {"$or": [{"count": [9]}, {"flag": [False]}]}},
]
MISS = [
    {"source": ["sagemaker"]},
    {"source": ["aws.sagemaker"], "region": ["eu-west-1"]},
    {"resources": [{"prefix": "delays"}]},
    {"source": [{"anything-but": ["aws.sagemaker"]}]},
    {"source": [{"anything-but": {"prefix": "aws."}}]},
    detail(absent=[{"anything-but": "x"}]),
    detail(count=["3"]),
    detail(count=[True]),
    detail(flag=[0]),
    detail(flag=[{"numeric": ["=", 0]}]),
    detail(count=[{"numeric": [">", 3]}]),
    detail(EndpointStatus=[{"numeric": [">", 3]}]),
    detail(none=["null"]),
    detail(absent=[None]),
    detail(tags=[{"exists": True}]),
    detail(variants={"name": ["live"], "weight": [0]}),
    detail(ip=[{"cidr": "10.2.0.0/16"}]),
    detail(tags={"absent": {"deep": ["x"]}}),
    {"$or": [{"source": ["aws.s3"]}, {"region": ["eu-west-1"]}]},
]
BAD = [
    "{",
    "[]",
    "{}",
    '{"source": "aws.s3"}',
    '{"source": []}',
    '{"source": [["x"]]}',
    '{"source": [{"prefix": 3}]}',
    '{"source": [{"prefix": "a", "suffix": "b"}]}',
    '{"source": [{"sounds-like": "a"}]}',
    '{"source": [{"numeric": ["~", 3]}]}',
    '{"source": [{"numeric": [">", "3"]}]}',
    '{"source": [{"numeric": [">"]}]}',
    '{"source": [{"exists": "yes"}]}',
    '{"source": [{"anything-but": []}]}',
    '{"source": [{"cidr": "10.0.0.0/99"}]}',
    '{"source": [{"wildcard": "a**b"}]}',
    '{"$or": [{"source": ["a"]}]}',
    '{"detail": {}}',
]


@pytest.mark.parametrize("pattern", FIT, ids=json.dumps)
def test_it_fits(pattern):
    assert parse(json.dumps(pattern))(EVENT)


@pytest.mark.parametrize("pattern", MISS, ids=json.dumps)
def test_it_does_not_fit(pattern):
    assert not parse(json.dumps(pattern))(EVENT)


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(BadPattern):
        parse(text)


LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3)


@given(st.dictionaries(st.text(min_size=1, max_size=3).filter(lambda key: key != "$or"), LEAVES, min_size=1))
def test_a_pattern_of_an_events_own_values_fits_it_and_none_of_its_negations_does(event):
    assert parse(json.dumps({key: [value] for key, value in event.items()}))(event)
    for key, value in event.items():
        assert not parse(json.dumps({key: [{"exists": False}]}))(event)
        if isinstance(value, str | int) and not isinstance(value, bool):
            assert not parse(json.dumps({key: [{"anything-but": [value]}]}))(event)
