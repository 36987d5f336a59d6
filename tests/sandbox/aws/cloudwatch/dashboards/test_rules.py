"""What is no dashboard. Values only."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.dashboards.rules import problems

LINE = ["AWS/SageMaker", "Invocations", "EndpointName", "delays-prod", {"stat": "Sum", "id": "m1"}]


def graph(**changes: Any) -> dict[str, Any]:
    properties = {"region": "us-east-1", "metrics": [LINE, [{"expression": "m1 / 2", "label": "half"}]]}
    return {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": properties | changes}


def test_a_graph_a_text_and_the_states_of_alarms_are_one() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"
    others = [
        {"type": "text", "properties": {"markdown": "# hello"}},
        {"type": "alarm", "properties": {"alarms": [arn], "title": "t"}},
    ]
    assert problems({"start": "-PT6H", "periodOverride": "inherit", "widgets": [graph(), *others]}) == []
    assert problems({"widgets": []}) == []


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        ([], "", "object"),
        ({}, "", "required property 'widgets'"),
        ({"widgets": [{"type": "graph", "properties": {}}]}, "/widgets/0/type", "allowed values"),
        ({"widgets": [{"type": "metric"}]}, "/widgets/0", "required property 'properties'"),
        ({"widgets": [{**graph(), "width": 25}]}, "/widgets/0/width", "<= 24"),
        ({"widgets": [{**graph(), "x": 20}]}, "/widgets/0/width", "<= 4"),
        ({"widgets": [{**graph(), "x": -1}]}, "/widgets/0/x", ">= 0"),
        ({"widgets": [{**graph(), "y": 1.5}]}, "/widgets/0/y", "integer"),
        ({"widgets": [graph(region=None)]}, "/widgets/0/properties", "required property 'region'"),
        ({"widgets": [graph(colour="red")]}, "/widgets/0/properties", "additional property 'colour'"),
        ({"widgets": [graph(view="lines")]}, "/widgets/0/properties/view", "allowed values"),
        ({"widgets": [graph(metrics=[])]}, "/widgets/0/properties/metrics", "1 to"),
        ({"widgets": [graph(metrics=[LINE, LINE])]}, "/widgets/0/properties/metrics", "more than once"),
        (
            {"widgets": [graph(metrics=[["AWS/SageMaker", "Invocations", "EndpointName"]])]},
            "/widgets/0/properties/metrics/0",
            "Should NOT have more than 2 items",
        ),
        (
            {"widgets": [graph(metrics=[["AWS/SageMaker", "Invocations", {"EndpointName": "e"}, "x"]])]},
            "/widgets/0/properties/metrics/0/2",
            "only 'String' type is allowed",
        ),
        (
            {"widgets": [graph(metrics=[[{"expression": "m1 +"}]])]},
            "/widgets/0/properties/metrics/0/0/expression",
            "",
        ),
        (
            {"widgets": [graph(metrics=[[*LINE[:4], {"stat": "p999"}]])]},
            "/widgets/0/properties/metrics/0/4/stat",
            "p999",
        ),
        (
            {"widgets": [graph(annotations={"horizontal": [{"label": "bound"}]})]},
            "/widgets/0/properties/annotations/horizontal/0",
            "'value'",
        ),
        (
            {"widgets": [{"type": "alarm", "properties": {"alarms": ["a"]}}]},
            "/widgets/0/properties/alarms/0",
            "ARN",
        ),
        ({"widgets": [{"type": "text", "properties": {}}]}, "/widgets/0/properties", "'markdown'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body: Any, path: str, words: str) -> None:
    found = problems(body)
    assert [one.path for one in found] == [path]
    assert words in found[0].message


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    place=st.sampled_from(["widgets", "widget", "properties", "annotations", "metrics", "line", "options"]),
    member=st.sampled_from(
        ["type", "x", "width", "alarms", "horizontal", "id", "expression", "stat", "region"]
    ),
    value=NONSENSE,
)
def test_whatever_is_asked_the_answer_is_a_list_of_problems(place: str, member: str, value: Any) -> None:
    """Never an error of Python's."""
    whole = graph()
    bodies: dict[str, Any] = {
        "widgets": {"widgets": value},
        "widget": {"widgets": [value, {**whole, member: value}]},
        "properties": {"widgets": [{**whole, "properties": value}, graph(**{member: value})]},
        "annotations": {
            "widgets": [graph(annotations=value), graph(metrics=None, annotations={member: value})]
        },
        "metrics": {"widgets": [graph(metrics=value)]},
        "line": {"widgets": [graph(metrics=[value, [value], [value, value]])]},
        "options": {"widgets": [graph(metrics=[[*LINE[:4], {member: value}], [{member: value}]])]},
    }
    assert isinstance(problems(bodies[place]), list)
