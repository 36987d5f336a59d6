"""Rules of EventBridge and the queues that hear of them, for the tests about both."""

import json
from typing import Any

from sandbox.core.settings import ACCOUNT, REGION
from sandbox.testing import SandboxHandle
from tests.sandbox.world import wait_for


def rule_arn(name: str) -> str:
    """A rule's ARN on the default bus."""
    return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"


class Queue:
    """A queue; `lets_in` says for which rule EventBridge may send to it."""

    def __init__(self, sandbox: SandboxHandle, name: str, lets_in: str = "") -> None:
        self._sqs = sandbox.client("sqs")
        self.url: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn: str = found["Attributes"]["QueueArn"]
        if lets_in:
            policy = allowing("sqs:SendMessage", self.arn, lets_in)
            self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def next(self) -> Any:
        """The next message's body, read as JSON."""
        found = wait_for(
            lambda: self._sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=1).get("Messages"),
            "a message",
        )
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=found[0]["ReceiptHandle"])
        return json.loads(found[0]["Body"])

    def empty(self) -> bool:
        """Whether nothing lies in it."""
        return "Messages" not in self._sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=0)


class Rule:
    """A rule of the default bus that sends to targets."""

    def __init__(self, sandbox: SandboxHandle, name: str, pattern: dict[str, Any]) -> None:
        self._events = sandbox.client("events")
        self.name, self.arn = name, rule_arn(name)
        self._events.put_rule(Name=name, EventPattern=json.dumps(pattern))

    def to(self, *arns: str, **members: Any) -> "Rule":
        """Send to these targets too."""
        targets = [{"Id": f"{number}-{arn[-20:]}", "Arn": arn, **members} for number, arn in enumerate(arns)]
        self._events.put_targets(Rule=self.name, Targets=targets)
        return self


def allowing(action: str, resource: str, rule: str) -> str:
    """A resource policy that lets EventBridge in for one rule."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn(rule)}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
