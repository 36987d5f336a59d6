"""What a target gets of an event, and who may send to a queue or a topic."""

import json
from typing import Any

import pytest

from sandbox.aws.events.inputs import of_target
from sandbox.aws.events.resource_policies import lets_in

EVENT = {"id": "7", "source": "a.b", "resources": ["r0", "r1"], "detail": {"n": 3, "said": 'a "word"'}}
RULE = "arn:aws:events:us-east-1:123456789012:rule/hears"
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ({}, EVENT),
        ({"Input": '{"fixed": 1}'}, {"fixed": 1}),
        ({"InputPath": "$.detail"}, EVENT["detail"]),
        ({"InputPath": "$.resources[1]"}, "r1"),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"n": "$.detail.n", "said": "$.detail.said", "no": "$.detail.no"},
                    "InputTemplate": '{"n": <n>, "said": <said>, "in": "n is <n>: <said>", "no": "<no>"}',
                }
            },
            {"n": 3, "said": 'a "word"', "in": 'n is 3: a "word"', "no": ""},
        ),
        ({"InputTransformer": {"InputTemplate": '{"whole": <aws.events.event.json>}'}}, {"whole": EVENT}),
    ],
)
def test_a_target_gets_what_it_asks_for(target: dict[str, Any], body: Any):
    assert json.loads(of_target(target, EVENT)) == body


def policy(**changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": RULE},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        },
    }
    return {"Statement": [statement | changes]}


def test_a_service_is_let_in_for_the_rule_that_the_policy_names():
    assert lets_in(policy(), "events.amazonaws.com", "sns:Publish", TOPIC, RULE)
    assert lets_in(policy(Condition={}), "events.amazonaws.com", "sns:Publish", TOPIC, RULE)
    assert lets_in(policy(Principal="*"), "events.amazonaws.com", "sns:Publish", TOPIC, RULE)


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"Service": "sns.amazonaws.com"}},
        {"Action": "sns:Subscribe"},
        {"Resource": f"{TOPIC}-other"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": f"{RULE}-other"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Effect": "Deny"},
    ],
)
def test_nobody_else_is(changes: dict[str, Any]):
    assert not lets_in(policy(**changes), "events.amazonaws.com", "sns:Publish", TOPIC, RULE)
    assert not lets_in({}, "events.amazonaws.com", "sns:Publish", TOPIC, RULE)
