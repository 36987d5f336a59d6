"""CloudWatch Logs: events with their limits, pages, filter patterns, and streams in order."""

import json
import time
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.convention import behaviour

PATTERNS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"
HOUR = 3_600_000
_numbers = count(1)


class Group:
    """A log group of one test, with one stream."""

    def __init__(self, sandbox: SandboxHandle) -> None:
        self.logs = sandbox.client("logs")
        self.name = f"group-{next(_numbers)}"
        self.logs.create_log_group(logGroupName=self.name)
        self.stream("s")

    def stream(self, name: str) -> None:
        self.logs.create_log_stream(logGroupName=self.name, logStreamName=name)

    def put(self, *messages: str, stream: str = "s", at: int | None = None) -> dict[str, Any]:
        """Messages a millisecond apart, from `at` on (default: now)."""
        start = int(time.time() * 1000) if at is None else at
        events = [{"timestamp": start + n, "message": message} for n, message in enumerate(messages)]
        return self.put_events(events, stream)

    def put_events(self, events: list[dict[str, Any]], stream: str = "s") -> dict[str, Any]:
        return self.logs.put_log_events(logGroupName=self.name, logStreamName=stream, logEvents=events)

    def get(self, **members: Any) -> dict[str, Any]:
        return self.logs.get_log_events(logGroupName=self.name, logStreamName="s", **members)

    def found(self, pattern: str = "", **members: Any) -> list[str]:
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=self.name, filterPattern=pattern, **members
        )
        return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture
def group(sandbox: SandboxHandle) -> Group:
    return Group(sandbox)


def texts(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


@behaviour("CloudWatch Logs", "PutLogEvents")
def test_put_and_get(group: Group) -> None:
    """Events come back in the order of their time, with the time of their ingestion."""
    now = int(time.time() * 1000)
    group.put("late", at=now)
    group.put("early", at=now - 1000)
    events = group.get(startFromHead=True)["events"]
    assert [event["message"] for event in events] == ["early", "late"]
    assert events[0]["timestamp"] == now - 1000
    assert abs(events[0]["ingestionTime"] - now) < 10_000


@behaviour("CloudWatch Logs", "PutLogEvents")
def test_the_sequence_token_is_ignored(group: Group) -> None:
    """Any sequence token is accepted, and a next one is answered."""
    events = [{"timestamp": int(time.time() * 1000), "message": "x"}]
    answer = group.logs.put_log_events(
        logGroupName=group.name, logStreamName="s", logEvents=events, sequenceToken="wrong"
    )
    assert answer["nextSequenceToken"]


@behaviour("CloudWatch Logs", "PutLogEvents")
def test_too_old_and_too_new_events(group: Group) -> None:
    """Events of over 14 days ago or over two hours ahead are rejected by index; the rest is kept."""
    now = int(time.time() * 1000)
    times = [now - 15 * 24 * HOUR, now, now + 3 * HOUR]
    answer = group.put_events([{"timestamp": at, "message": str(at - now)} for at in times])
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert texts(group.get()) == ["0"]


@behaviour("CloudWatch Logs", "PutLogEvents")
def test_events_before_the_retention(group: Group) -> None:
    """Events older than the group's retention are expired."""
    group.logs.put_retention_policy(logGroupName=group.name, retentionInDays=1)
    answer = group.put("old", at=int(time.time() * 1000) - 30 * HOUR)
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}


@behaviour("CloudWatch Logs", "PutLogEvents")
@pytest.mark.parametrize(
    ("offsets", "text", "words"),
    [
        ([1, 0], "x", "chronological order"),
        ([-25 * HOUR, 0], "x", "24 hours"),
        ([0], "x" * 1_048_576, "too large"),
        ([0, 0, 0], "x" * 400_000, "too large"),
        ([0] * 10_001, "x", "10000"),
    ],
)
def test_batches_that_are_refused(group: Group, offsets: list[int], text: str, words: str) -> None:
    """A batch out of order, over 24 hours, 1 MiB or 10,000 events is refused as a whole."""
    now = int(time.time() * 1000)
    with pytest.raises(ClientError, match=words) as error:
        group.put_events([{"timestamp": now + offset, "message": text} for offset in offsets])
    assert code_of(error) == "InvalidParameterException"
    assert group.get()["events"] == []


@behaviour("CloudWatch Logs", "PutLogEvents")
def test_a_stream_that_is_not_there(group: Group) -> None:
    """A missing group or stream is a ResourceNotFoundException with its own words."""
    with pytest.raises(ClientError, match="The specified log stream does not exist") as error:
        group.put("x", stream="nobody")
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError, match="The specified log group does not exist"):
        group.logs.get_log_events(logGroupName="nobody", logStreamName="s")


@behaviour("CloudWatch Logs", "GetLogEvents")
def test_pages_forward(group: Group) -> None:
    """nextForwardToken leads onward, and is the same again at the end of the stream."""
    group.put(*"abcde")
    seen, token = [], None
    for _ in range(9):
        page = group.get(startFromHead=True, limit=2, **({"nextToken": token} if token else {}))
        seen += texts(page)
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert seen == list("abcde")
    assert page["nextForwardToken"] == token
    group.put("f", at=int(time.time() * 1000) + 1000)
    assert texts(group.get(startFromHead=True, nextToken=token)) == ["f"]


@behaviour("CloudWatch Logs", "GetLogEvents")
def test_the_latest_events_come_first_by_default(group: Group) -> None:
    """Without startFromHead a page holds the latest events, and nextBackwardToken leads to those before."""
    group.put(*"abcde")
    page = group.get(limit=2)
    assert texts(page) == ["d", "e"]
    assert texts(group.get(limit=2, nextToken=page["nextBackwardToken"])) == ["b", "c"]


@behaviour("CloudWatch Logs", "GetLogEvents")
def test_the_time_range(group: Group) -> None:
    """startTime is included and endTime is not."""
    now = int(time.time() * 1000)
    group.put(*"abc", at=now)
    assert texts(group.get(startTime=now + 1, endTime=now + 2)) == ["b"]


@behaviour("CloudWatch Logs", "GetLogEvents")
def test_bad_tokens_and_limits(group: Group) -> None:
    """A token that was never given and a limit over 10,000 are an InvalidParameterException."""
    for members in ({"nextToken": "f/123"}, {"limit": 10_001}):
        with pytest.raises(ClientError) as error:
            group.get(**members)
        assert code_of(error) == "InvalidParameterException"


@behaviour("CloudWatch Logs", PATTERNS)
def test_filter_patterns(group: Group) -> None:
    """Terms, phrases, exclusions, alternatives, JSON members and fields of space-delimited events."""
    served = json.dumps({"status": 500, "path": "/invocations"})
    group.put("ERROR one thing", "ERROR another", "WARN one thing", served, "127.0.0.1 GET 404")
    assert group.found("ERROR") == ["ERROR one thing", "ERROR another"]
    assert group.found('"one thing" -WARN') == ["ERROR one thing"]
    assert group.found("?another ?WARN") == ["ERROR another", "WARN one thing"]
    assert group.found('{ $.status >= 500 && $.path = "/inv*" }') == [served]
    assert group.found("[ip, verb, code = 4*]") == ["127.0.0.1 GET 404"]
    with pytest.raises(ClientError, match="Invalid filter pattern") as error:
        group.found("{ $.status = ")
    assert code_of(error) == "InvalidParameterException"


@behaviour("CloudWatch Logs", "FilterLogEvents")
def test_filter_over_streams(group: Group) -> None:
    """Events of all streams are interleaved by time, in pages; streams are chosen by name or prefix."""
    now = int(time.time() * 1000)
    for name, at in (("a/1", now + 1), ("a/2", now), ("b/1", now + 2)):
        group.stream(name)
        group.put(name, stream=name, at=at)
    assert group.found(PaginationConfig={"PageSize": 1}) == ["a/2", "a/1", "b/1"]
    assert group.found(startFromHead=False) == ["b/1", "a/1", "a/2"]
    assert group.found(logStreamNamePrefix="a/") == ["a/2", "a/1"]
    assert group.found(logStreamNames=["b/1"]) == ["b/1"]
    assert group.found(startTime=now + 1, endTime=now + 1) == ["a/1"]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        group.found(logStreamNamePrefix="a/", logStreamNames=["b/1"])


@behaviour("CloudWatch Logs", "DescribeLogStreams")
def test_streams_in_order(group: Group) -> None:
    """Streams are listed by name, or by the time of their last event, ascending or descending."""
    now = int(time.time() * 1000)
    for name, at in (("z", now - 2000), ("y", now - 1000)):
        group.stream(name)
        group.put("x", stream=name, at=at)
    group.put("x", at=now)

    def listed(**members: Any) -> list[str]:
        pages = group.logs.get_paginator("describe_log_streams").paginate(
            logGroupName=group.name, PaginationConfig={"PageSize": 2}, **members
        )
        return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]

    assert listed() == ["s", "y", "z"]
    assert listed(orderBy="LastEventTime", descending=True) == ["s", "y", "z"]
    assert listed(orderBy="LastEventTime") == ["z", "y", "s"]
    assert listed(logStreamNamePrefix="y") == ["y"]
    with pytest.raises(ClientError, match="Cannot order by LastEventTime with a logStreamNamePrefix"):
        listed(orderBy="LastEventTime", logStreamNamePrefix="y")
    [stream] = group.logs.describe_log_streams(logGroupName=group.name, logStreamNamePrefix="z")["logStreams"]
    assert stream["lastEventTimestamp"] == stream["firstEventTimestamp"] == now - 2000


@behaviour("CloudWatch Logs", "PutRetentionPolicy")
def test_retention(group: Group) -> None:
    """The retention is kept, and only the documented numbers of days are taken."""
    group.logs.put_retention_policy(logGroupName=group.name, retentionInDays=30)
    [described] = group.logs.describe_log_groups(logGroupNamePrefix=group.name)["logGroups"]
    assert described["retentionInDays"] == 30
    with pytest.raises(ClientError) as error:
        group.logs.put_retention_policy(logGroupName=group.name, retentionInDays=31)
    assert code_of(error) == "InvalidParameterException"
