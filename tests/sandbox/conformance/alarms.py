"""Puts metrics and alarms, looks at states, and hears what an alarm tells its topic."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from botocore.config import Config

from sandbox.testing import SandboxHandle
from tests.sandbox.world import wait_for

_numbers = count(1)


class Alarms:
    """Puts metrics and alarms, and looks at states."""

    def __init__(self, sandbox: SandboxHandle) -> None:
        self.sandbox = sandbox
        self.cloudwatch = sandbox.client("cloudwatch", config=Config(retries={"total_max_attempts": 1}))

    def name(self) -> str:
        return f"n{next(_numbers)}"

    def put(self, metric: str, *values: float, ago: int | None = None, **datum: Any) -> None:
        """Values now, or that many full minutes ago, at high resolution."""
        if ago is not None:
            now = datetime.now(UTC) + timedelta(seconds=self.ahead())
            datum["Timestamp"] = now.replace(second=0, microsecond=0) - timedelta(minutes=ago)
        data = {"MetricName": metric, "Values": list(values), "StorageResolution": 1, **datum}
        self.cloudwatch.put_metric_data(Namespace="Test", MetricData=[data])

    def ahead(self) -> float:
        return self.sandbox.advance_clock(0) - datetime.now(UTC).timestamp()

    def alarm(self, metric: str, **members: Any) -> str:
        """An alarm that rings above 1; returns its name."""
        name = self.name()
        defaults: dict[str, Any] = {
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        if "Metrics" not in members:
            defaults |= {"Namespace": "Test", "MetricName": metric, "Period": 60}
            if "ExtendedStatistic" not in members:
                defaults["Statistic"] = "Maximum"
        self.cloudwatch.put_metric_alarm(AlarmName=name, **{**defaults, **members})
        return name

    def described(self, name: str) -> dict[str, Any]:
        return self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    def becomes(self, name: str, state: str) -> dict[str, Any]:
        return wait_for(
            lambda: (a := self.described(name))["StateValue"] == state and a, f"{name} to be {state}", 15
        )

    def history(self, name: str, kind: str = "StateUpdate", **members: Any) -> list[dict[str, Any]]:
        answer = self.cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType=kind, **members)
        return answer["AlarmHistoryItems"]


class Inbox:
    """A topic, and the queue that hears of it."""

    def __init__(self, sandbox: SandboxHandle, name: str) -> None:
        sns, self._sqs = sandbox.client("sns"), sandbox.client("sqs")
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self.topic: str = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])

    def next(self) -> dict[str, Any]:
        """The next notification: SNS's envelope with the message read from its JSON."""
        answer = wait_for(
            lambda: self._sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=1).get("Messages"),
            "a message",
        )
        self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=answer[0]["ReceiptHandle"])
        body = json.loads(answer[0]["Body"])
        return {**body, "Message": json.loads(body["Message"])}

    def empty(self) -> bool:
        return "Messages" not in self._sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=0)


def queries(expression: str, *metrics: str) -> list[dict[str, Any]]:
    """The queries of an alarm on an expression; `metrics` are its m1, m2, and so on."""
    return [
        {"Id": "result", "Expression": expression, "ReturnData": True},
        *(
            {
                "Id": f"m{number}",
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {"Namespace": "Test", "MetricName": metric},
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for number, metric in enumerate(metrics, 1)
        ),
    ]
