"""EventBridge: what rules hear, where it goes, and what the sandbox's own services tell."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.settings import ACCOUNT, REGION
from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.alarms import Alarms, Inbox
from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.rules import Queue, Rule, allowing
from tests.sandbox.world import World

_GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
_SAGEMAKER = "https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"
_ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"


def put(sandbox: SandboxHandle, source: str, **detail: Any) -> dict[str, Any]:
    """One event; returns the answer to PutEvents."""
    entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail), "Resources": ["arn:of:it"]}
    return sandbox.client("events").put_events(Entries=[entry])


@behaviour("EventBridge", "PutEvents")
def test_put_events(sandbox: SandboxHandle, world: World) -> None:
    """An event comes whole to the queues of rules that it fits, under the id that PutEvents answered."""
    name = world.name("rule")
    fits, other = Queue(sandbox, f"{name}-fits", name), Queue(sandbox, f"{name}-other", f"{name}-not")
    pattern = {"source": [name], "detail": {"n": [{"numeric": [">", 2]}]}}
    Rule(sandbox, name, pattern).to(fits.arn)
    Rule(sandbox, f"{name}-not", {"source": [{"anything-but": {"prefix": "rule"}}]}).to(other.arn)
    put(sandbox, name, n=1)
    answer = put(sandbox, name, n=3)
    event = fits.next()
    assert (answer["FailedEntryCount"], event["id"]) == (0, answer["Entries"][0]["EventId"])
    assert event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Test",
        "source": name,
        "account": ACCOUNT,
        "region": REGION,
        "resources": ["arn:of:it"],
        "detail": {"n": 3},
    }
    assert fits.empty()
    assert other.empty()


@behaviour("EventBridge", "PutEvents")
def test_wrong_entries(sandbox: SandboxHandle) -> None:
    """Each wrong entry has an error of its own; over 256 KB in one call nothing is taken."""
    events = sandbox.client("events")
    good = {"Source": "a", "DetailType": "b", "Detail": "{}"}
    wrong = [
        good | {"Detail": "{"},
        good | {"Detail": "[]"},
        good | {"Source": "aws.s3"},
        good | {"Source": ""},
    ]
    answer = events.put_events(Entries=[*wrong, good])
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    refused = ["MalformedDetail", "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument"]
    assert (codes, answer["FailedEntryCount"]) == ([*refused, None], 4)
    with pytest.raises(ClientError, match="over the limit"):
        events.put_events(Entries=[good | {"Detail": json.dumps({"a": "x" * 262_144})}])


@behaviour("EventBridge", f"{_GUIDE}/eb-use-resource-based.html")
def test_resource_policies(sandbox: SandboxHandle, world: World) -> None:
    """A queue or topic gets events only where its policy lets EventBridge in for that rule."""
    name = world.name("rule")
    closed, let_in = Queue(sandbox, f"{name}-closed", "another-rule"), Queue(sandbox, f"{name}-open", name)
    inbox = Inbox(sandbox, f"{name}-topic")
    Rule(sandbox, name, {"source": [name]}).to(closed.arn, inbox.topic, let_in.arn)
    put(sandbox, name, n=1)
    assert let_in.next()["detail"] == {"n": 1}
    assert closed.empty()
    assert inbox.empty(), "the default policy of a topic lets its account in, and no service"
    policy = allowing("sns:Publish", inbox.topic, name)
    sandbox.client("sns").set_topic_attributes(
        TopicArn=inbox.topic, AttributeName="Policy", AttributeValue=policy
    )
    put(sandbox, name, n=2)
    assert inbox.next()["Message"]["detail"] == {"n": 2}


@behaviour("EventBridge", "PutTargets")
def test_targets(sandbox: SandboxHandle, world: World) -> None:
    """A target gets the event, a part of it or a text; of a disabled rule nothing."""
    name = world.name("rule")
    part, text = Queue(sandbox, f"{name}-part", name), Queue(sandbox, f"{name}-text", name)
    rule = Rule(sandbox, name, {"source": [name]})
    rule.to(part.arn, InputPath="$.detail")
    transformer = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"said": "n is <n>"}'}
    rule.to(text.arn, InputTransformer=transformer)
    put(sandbox, name, n=7)
    assert (part.next(), text.next()) == ({"n": 7}, {"said": "n is 7"})
    events = sandbox.client("events")
    events.disable_rule(Name=name)
    put(sandbox, name, n=8)
    events.enable_rule(Name=name)
    put(sandbox, name, n=9)
    assert part.next() == {"n": 9}


@behaviour("EventBridge", f"{_GUIDE}/eb-rule-dlq.html")
def test_dead_letters(sandbox: SandboxHandle, world: World) -> None:
    """What a target does not get goes to its dead-letter queue, and hinders no other target."""
    name = world.name("rule")
    dead, other = Queue(sandbox, f"{name}-dead", name), Queue(sandbox, f"{name}-other", name)
    gone = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}-gone"
    rule = Rule(sandbox, name, {"source": [name]})
    rule.to(gone, DeadLetterConfig={"Arn": dead.arn})
    rule.to(other.arn)
    put(sandbox, name, n=1)
    assert other.next()["detail"] == dead.next()["detail"] == {"n": 1}


@behaviour("EventBridge", "TestEventPattern")
def test_patterns(sandbox: SandboxHandle) -> None:
    """TestEventPattern says whether an event fits; what is no pattern is refused, by PutRule too."""
    events = sandbox.client("events")
    names = ("id", "account", "source", "time", "region", "detail-type")
    event = {**dict.fromkeys(names, "x"), "resources": [], "detail": {"state": "OK"}}
    for wanted, fits in (("OK", True), ("ALARM", False)):
        pattern = json.dumps({"detail": {"state": [wanted]}})
        assert events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"] is fits
    for text in ("{", '{"source": "a"}', '{"source": [{"sounds-like": "a"}]}'):
        with pytest.raises(ClientError, match="InvalidEventPatternException"):
            events.put_rule(Name="wrong", EventPattern=text)


@behaviour("EventBridge", _SAGEMAKER)
def test_endpoint_state_change(sandbox: SandboxHandle, world: World) -> None:
    """SageMaker tells each status of an endpoint, spelled IN_SERVICE, with config, variants and tags."""
    name = world.name("told")
    queue = Queue(sandbox, name, name)
    pattern = {"source": ["aws.sagemaker"], "detail": {"EndpointName": [name]}}
    Rule(sandbox, name, pattern).to(queue.arn)
    world.endpoint(name=name)
    world.sagemaker.delete_endpoint(EndpointName=name)
    told = [queue.next() for _ in range(3)]
    statuses = [event["detail"]["EndpointStatus"] for event in told]
    assert statuses == ["CREATING", "IN_SERVICE", "DELETING"]
    live = told[1]
    assert live["detail-type"] == "SageMaker Endpoint State Change"
    assert live["resources"] == [live["detail"]["EndpointArn"]]
    (variant,) = live["detail"]["ProductionVariants"]
    assert (variant["VariantName"], variant["DesiredInstanceCount"]) == ("live", 1)
    assert live["detail"]["LastModifiedTime"] >= live["detail"]["CreationTime"] > 1e12
    assert live["detail"]["Tags"] == {}


@behaviour("EventBridge", _ALARMS)
def test_alarm_state_change(sandbox: SandboxHandle, world: World, alarms: Alarms) -> None:
    """CloudWatch tells each change of an alarm's state, with the state before and the configuration."""
    name = world.name("told")
    queue, metric = Queue(sandbox, name, name), alarms.name()
    alarm = alarms.alarm(metric)
    arn = alarms.described(alarm)["AlarmArn"]
    Rule(sandbox, name, {"source": ["aws.cloudwatch"], "resources": [arn]}).to(queue.arn)
    alarms.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a drill")
    event = queue.next()
    assert (event["detail-type"], event["resources"]) == ("CloudWatch Alarm State Change", [arn])
    detail = event["detail"]
    assert (detail["alarmName"], detail["state"]["value"]) == (alarm, "ALARM")
    assert (detail["state"]["reason"], detail["previousState"]["value"]) == ("a drill", "INSUFFICIENT_DATA")
    (query,) = detail["configuration"]["metrics"]
    assert query["metricStat"]["metric"]["name"] == metric


@behaviour("EventBridge", f"{_GUIDE}/eb-create-rule-schedule.html", covered=False)
def test_schedules(sandbox: SandboxHandle, world: World) -> None:
    """A rule with a schedule is kept and never fires; it hears no events either."""
    name = world.name("rule")
    queue = Queue(sandbox, name, name)
    events = sandbox.client("events")
    events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn}])
    Rule(sandbox, f"{name}-after", {"source": [name]}).to(Queue(sandbox, f"{name}-2", f"{name}-after").arn)
    put(sandbox, name, n=1)
    assert queue.empty()
