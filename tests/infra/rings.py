"""Who hears of an endpoint that fails in a real sandbox: a queue that is subscribed to the stage's topic."""

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from release.domain.burn_rates import BURN_ALERTS
from release.domain.health.budgets import span
from sandbox.testing import SandboxHandle
from tests.sandbox.world import wait_for

SEVERAL = 30
"""Requests: more than the fewest bad ones that say something."""


class Subscriber:
    """A queue that a topic is told to send to, and what it has heard."""

    def __init__(self, sandbox: SandboxHandle, topic: str) -> None:
        self._sqs = sandbox.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="on-call")["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        sandbox.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def heard(self) -> list[dict[str, Any]]:
        """The messages that have come since the last look."""
        listed: list[dict[str, Any]] = []
        while found := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for one in found:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=one["ReceiptHandle"])
                listed.append(json.loads(json.loads(one["Body"])["Message"]))
        return listed

    def hears(self, name: str, state: str) -> list[dict[str, Any]]:
        """Everything that came until an alarm said that it is in a state, with that."""
        came: list[dict[str, Any]] = []

        def said() -> bool:
            came.extend(self.heard())
            return any((one["AlarmName"], one["NewStateValue"]) == (name, state) for one in came)

        wait_for(said, f"{name} to say {state}")
        return came


def ringing(sandbox: SandboxHandle, endpoint: str) -> set[str]:
    """The names of an endpoint's alarms that ring."""
    return alarms(sandbox, endpoint, StateValue="ALARM")


def alarms(sandbox: SandboxHandle, endpoint: str, **members: str) -> set[str]:
    """The names of an endpoint's alarms."""
    kinds = ["MetricAlarm", "CompositeAlarm"]
    paginator = sandbox.client("cloudwatch").get_paginator("describe_alarms")
    pages = paginator.paginate(AlarmNamePrefix=f"{endpoint}-", AlarmTypes=kinds, **members)
    return {one["AlarmName"] for page in pages for kind in kinds for one in page[f"{kind}s"]}


def fails_and_pages_once(sandbox: SandboxHandle, on_call: Subscriber, endpoint: str) -> None:
    """From some moment on every request fails: one page tells of it, within two evaluation periods."""
    page, ticket = f"{endpoint}-page", f"{endpoint}-ticket"
    call(sandbox, endpoint)
    sandbox.advance_clock(180)
    wait_for(lambda: _acted(sandbox, ticket), "what is told of new alarms to be told")
    assert not ringing(sandbox, endpoint)
    on_call.heard()
    began = sandbox.advance_clock(0)
    sandbox.faults("invoke_errors", endpoint=endpoint, rate=1.0)
    call(sandbox, endpoint)
    told = sandbox.advance_clock(60)
    [said] = on_call.hears(page, "ALARM")
    assert told - began < 2 * 60, "later than two evaluation periods"
    wait_for(lambda: ticket in ringing(sandbox, endpoint), "the month's budget to be used up")
    rang = {name for name in ringing(sandbox, endpoint) if name.startswith(f"{endpoint}-live-")}
    windows = [f"{row.name}-{span(window)}" for row in BURN_ALERTS for window in (row.long, row.short)]
    eight = [f"{endpoint}-live-errors-{window.replace(' ', '')}" for window in windows]
    assert sorted(rang) == sorted(eight), "one fault, many alarms"
    assert len(eight) == 8, "as docs/monitoring.md says"
    triggers = {one["Arn"].rpartition("-live-errors-")[2] for one in said["TriggeringChildren"]}
    assert triggers & {"outage-1min", "fast-5min", "steady-30min"}, "it names what rang"
    assert "./slipway doctor" in said["AlarmDescription"]


def _acted(sandbox: SandboxHandle, alarm: str) -> bool:
    """Whether a composite alarm has told anything yet."""
    history = sandbox.client("cloudwatch").describe_alarm_history
    kinds = ["CompositeAlarm"]
    found = history(AlarmName=alarm, HistoryItemType="Action", AlarmTypes=kinds)
    return bool(found["AlarmHistoryItems"])


def is_well_again(sandbox: SandboxHandle, on_call: Subscriber, endpoint: str) -> None:
    """Requests are answered again: one message says so, and a ticket that the month's budget has suffered."""
    page, ticket = f"{endpoint}-page", f"{endpoint}-ticket"
    sandbox.clear_faults()
    sandbox.advance_clock(180)
    assert on_call.heard() == [], "nothing else is told while it pages"
    sandbox.advance_clock(30 * 60)
    call(sandbox, endpoint)
    sandbox.advance_clock(60)
    assert [one["AlarmName"] for one in on_call.hears(page, "OK")] == [page]
    sandbox.advance_clock(180)
    [later] = on_call.hears(ticket, "ALARM")
    assert "./slipway logs" in later["AlarmDescription"]


def call(sandbox: SandboxHandle, endpoint: str) -> None:
    """Several requests, whatever they are answered."""
    runtime = sandbox.client("sagemaker-runtime")
    for _ in range(SEVERAL):
        with suppress(ClientError):
            runtime.invoke_endpoint(EndpointName=endpoint, Body=b"hi")
