"""CloudWatch's alarms: their states, evaluated on time; their actions, their history, what is refused.

Time is moved by the sandbox's clock, so that no test waits for a period to pass.
"""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.world import wait_for

MISSING = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
    "AlarmThatSendsEmail.html#alarms-and-missing-data"
)
LOW_SAMPLES = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"
)
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


@pytest.fixture(scope="module")
def alarms(sandbox: SandboxHandle) -> Alarms:
    return Alarms(sandbox)


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


@behaviour("CloudWatch", "PutMetricAlarm")
def test_an_alarm_rings_and_recovers(sandbox: SandboxHandle, alarms: Alarms) -> None:
    """A breached period brings ALARM and a good one OK; SNS and SQS hear of both in CloudWatch's JSON."""
    inbox, metric = Inbox(sandbox, alarms.name()), alarms.name()
    name = alarms.alarm(
        metric, Period=10, AlarmActions=[inbox.topic], OKActions=[inbox.topic], AlarmDescription="why"
    )
    assert alarms.described(name)["StateValue"] == "INSUFFICIENT_DATA"
    alarms.put(metric, 5)
    sandbox.advance_clock(10)
    rung = alarms.becomes(name, "ALARM")
    assert "1 out of the last 1 datapoints [5.0 (" in rung["StateReason"]
    assert json.loads(rung["StateReasonData"])["recentDatapoints"] == [5.0]
    heard = inbox.next()
    assert heard["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    message = heard["Message"]
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert (message["AlarmName"], message["AlarmDescription"], message["Region"]) == (
        name,
        "why",
        "US East (N. Virginia)",
    )
    assert message["AlarmArn"] == rung["AlarmArn"]
    assert message["NewStateReason"] == rung["StateReason"]
    assert message["Trigger"] == {
        "MetricName": metric,
        "Namespace": "Test",
        "StatisticType": "Statistic",
        "Statistic": "MAXIMUM",
        "Unit": None,
        "Dimensions": [],
        "Period": 10,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    }
    alarms.put(metric, 0)
    sandbox.advance_clock(10)
    alarms.becomes(name, "OK")
    assert inbox.next()["Message"]["NewStateValue"] == "OK"


@behaviour("CloudWatch", "PutMetricAlarm")
def test_high_resolution_alarms_are_evaluated_every_ten_seconds(alarms: Alarms) -> None:
    """An alarm with a period of 10 s sees a breach of that period and not later than 10 s after it."""
    metric = alarms.name()
    name = alarms.alarm(metric, Period=10)
    alarms.put(metric, 5)
    rung = alarms.becomes(name, "ALARM")
    [item] = alarms.history(name)
    evaluated = json.loads(rung["StateReasonData"])
    at = datetime.fromisoformat(evaluated["startDate"])
    query = datetime.fromisoformat(evaluated["queryDate"])
    assert query - at == timedelta(seconds=10)
    assert alarms.sandbox.advance_clock(0) - query.timestamp() < 2, "on time"
    assert item["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"


@behaviour("CloudWatch", MISSING)
@pytest.mark.parametrize(("treatment", "state"), [("breaching", "ALARM"), ("notBreaching", "OK")])
def test_missing_data_that_counts(alarms: Alarms, treatment: str, state: str) -> None:
    """Without any data, breaching rings and notBreaching is OK."""
    name = alarms.alarm(alarms.name(), TreatMissingData=treatment)
    assert "no datapoints were received" in alarms.becomes(name, state)["StateReason"]


@behaviour("CloudWatch", MISSING)
def test_missing_data_that_does_not_count(sandbox: SandboxHandle, alarms: Alarms) -> None:
    """When data ends, missing becomes INSUFFICIENT_DATA with its action, and ignore keeps the state."""
    inbox, metric = Inbox(sandbox, alarms.name()), alarms.name()
    alarms.put(metric, 5, ago=1)
    keeps = alarms.alarm(metric, TreatMissingData="ignore")
    loses = alarms.alarm(metric, InsufficientDataActions=[inbox.topic])
    alarms.becomes(keeps, "ALARM")
    alarms.becomes(loses, "ALARM")
    sandbox.advance_clock(300)
    assert (
        alarms.becomes(loses, "INSUFFICIENT_DATA")["StateReason"]
        == "Insufficient Data: 1 datapoint was unknown."
    )
    assert inbox.next()["Message"]["NewStateValue"] == "INSUFFICIENT_DATA"
    assert alarms.described(keeps)["StateValue"] == "ALARM"


@behaviour("CloudWatch", MISSING)
def test_m_of_n(alarms: Alarms) -> None:
    """Two breaches out of three periods ring when DatapointsToAlarm is 2, and not when it is 3."""
    metric = alarms.name()
    for ago, value in ((3, 5), (2, 0), (1, 5)):
        alarms.put(metric, value, ago=ago)
    assert alarms.becomes(alarms.alarm(metric, EvaluationPeriods=3, DatapointsToAlarm=2), "ALARM")
    assert alarms.becomes(alarms.alarm(metric, EvaluationPeriods=3), "OK")


@behaviour("CloudWatch", LOW_SAMPLES)
def test_percentiles_of_few_samples(alarms: Alarms) -> None:
    """A percentile of too few samples changes no state with `ignore`, and does with `evaluate`."""
    metric = alarms.name()
    alarms.put(metric, *range(10), ago=1)
    ignoring = alarms.alarm(metric, ExtendedStatistic="p99", EvaluateLowSampleCountPercentile="ignore")
    alarms.becomes(alarms.alarm(metric, ExtendedStatistic="p99"), "ALARM")
    assert alarms.described(ignoring)["StateValue"] == "INSUFFICIENT_DATA"
    assert alarms.history(ignoring) == []
    alarms.put(metric, *range(100), Counts=[10] * 100, ago=1)
    again = alarms.alarm(metric, ExtendedStatistic="p99", EvaluateLowSampleCountPercentile="ignore")
    alarms.becomes(again, "ALARM")


def queries(expression: str, *metrics: str) -> list[dict[str, Any]]:
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


@behaviour("CloudWatch", "PutMetricAlarm")
def test_metric_math_alarms(sandbox: SandboxHandle, alarms: Alarms) -> None:
    """An alarm on an expression rings by its value; its message holds the queries."""
    inbox, errors, requests = Inbox(sandbox, alarms.name()), alarms.name(), alarms.name()
    alarms.put(errors, 3, ago=1)
    alarms.put(requests, 30, ago=1)
    share = queries("IF(m2 >= 20, 100 * m1 / m2, 0)", errors, requests)
    name = alarms.alarm("", Metrics=share, Threshold=5, AlarmActions=[inbox.topic])
    assert "[10.0 (" in alarms.becomes(name, "ALARM")["StateReason"]
    trigger = inbox.next()["Message"]["Trigger"]
    assert [query["Id"] for query in trigger["Metrics"]] == ["result", "m1", "m2"]
    few = queries("IF(m2 >= 40, 100 * m1 / m2, 0)", errors, requests)
    alarms.becomes(alarms.alarm("", Metrics=few, Threshold=5), "OK")


@behaviour("CloudWatch", "SetAlarmState")
def test_set_alarm_state(sandbox: SandboxHandle, alarms: Alarms) -> None:
    """SetAlarmState takes the actions; the next evaluation brings the true state back."""
    inbox, metric = Inbox(sandbox, alarms.name()), alarms.name()
    alarms.put(metric, 0, ago=1)
    name = alarms.alarm(metric, AlarmActions=[inbox.topic])
    alarms.becomes(name, "OK")
    alarms.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a drill")
    assert alarms.described(name)["StateReason"] == "a drill"
    assert inbox.next()["Message"]["NewStateReason"] == "a drill"
    sandbox.advance_clock(60)
    alarms.becomes(name, "OK")
    assert len(alarms.history(name)) == 3


@behaviour("CloudWatch", "DisableAlarmActions")
def test_disabled_actions(sandbox: SandboxHandle, alarms: Alarms) -> None:
    """With its actions disabled an alarm changes its state in silence; enabled again, it speaks."""
    inbox = Inbox(sandbox, alarms.name())
    name = alarms.alarm(alarms.name(), AlarmActions=[inbox.topic], ActionsEnabled=False)
    alarms.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="unheard")
    assert inbox.empty()
    assert alarms.history(name, "Action") == []
    alarms.cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="back")
    alarms.cloudwatch.enable_alarm_actions(AlarmNames=[name])
    alarms.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="heard")
    assert inbox.next()["Message"]["NewStateReason"] == "heard"


@behaviour("CloudWatch", "DescribeAlarmHistory")
def test_history(alarms: Alarms) -> None:
    """The history has creation, updates, states and actions, newest first, also of deleted alarms."""
    gone = "arn:aws:sns:us-east-1:123456789012:nobody"
    name = alarms.alarm(alarms.name(), AlarmActions=[gone])
    alarms.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a drill")
    alarms.cloudwatch.delete_alarms(AlarmNames=[name])
    items = alarms.cloudwatch.describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items] == [
        ("ConfigurationUpdate", f'Alarm "{name}" deleted'),
        ("Action", f"Failed to execute action {gone}"),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("ConfigurationUpdate", f'Alarm "{name}" created'),
    ]
    update = json.loads(items[2]["HistoryData"])
    assert update["newState"] == {"stateValue": "ALARM", "stateReason": "a drill"}
    pages = alarms.cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=name, PaginationConfig={"PageSize": 1}
    )
    assert len([item for page in pages for item in page["AlarmHistoryItems"]]) == 4


@behaviour("CloudWatch", "PutMetricAlarm")
def test_an_update_keeps_the_state(alarms: Alarms) -> None:
    """An alarm that is put again keeps its state and loses its former definition."""
    metric = alarms.name()
    alarms.put(metric, 5, ago=1)
    name = alarms.alarm(metric, AlarmDescription="first")
    alarms.becomes(name, "ALARM")
    alarms.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Test",
        MetricName=metric,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanThreshold",
    )
    described = alarms.described(name)
    assert (described["StateValue"], described["Threshold"]) == ("ALARM", 2)
    assert "AlarmDescription" not in described


@behaviour("CloudWatch", "PutCompositeAlarm")
def test_composite_alarms(sandbox: SandboxHandle, alarms: Alarms) -> None:
    """A composite alarm follows its rule over other alarms, with actions and a history of its own."""
    inbox = Inbox(sandbox, alarms.name())
    one, two, name = alarms.alarm(alarms.name()), alarms.alarm(alarms.name()), alarms.name()
    rule = f'ALARM("{one}") AND NOT ALARM({two})'
    alarms.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, AlarmActions=[inbox.topic])

    def state() -> str:
        answer = alarms.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
        return answer["CompositeAlarms"][0]["StateValue"]

    assert state() == "OK"
    alarms.cloudwatch.set_alarm_state(AlarmName=one, StateValue="ALARM", StateReason="a drill")
    assert state() == "ALARM"
    message = inbox.next()["Message"]
    assert (message["AlarmRule"], message["NewStateValue"]) == (rule, "ALARM")
    alarms.cloudwatch.set_alarm_state(AlarmName=two, StateValue="ALARM", StateReason="a drill")
    assert state() == "OK"
    items = alarms.history(name, AlarmTypes=["CompositeAlarm"])
    assert len(items) == 3
    with pytest.raises(ClientError, match="do not exist"):
        alarms.cloudwatch.put_composite_alarm(AlarmName=alarms.name(), AlarmRule="ALARM(nobody)")


@behaviour("CloudWatch", "DescribeAlarms")
def test_describe_alarms(alarms: Alarms) -> None:
    """Alarms are found by prefix, state and action prefix, in pages, metric alarms alone by default."""
    prefix, metric = f"list-{alarms.name()}", alarms.name()
    for number in range(3):
        alarms.cloudwatch.put_metric_alarm(
            AlarmName=f"{prefix}-{number}",
            Namespace="Test",
            MetricName=metric,
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[f"arn:aws:sns:us-east-1:123456789012:{prefix}"] if number else [],
        )
    pages = alarms.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, PaginationConfig={"PageSize": 2}
    )
    assert [[a["AlarmName"][-1] for a in page["MetricAlarms"]] for page in pages] == [["0", "1"], ["2"]]
    by_action = alarms.cloudwatch.describe_alarms(ActionPrefix=f"arn:aws:sns:us-east-1:123456789012:{prefix}")
    assert len(by_action["MetricAlarms"]) == 2
    of_metric = alarms.cloudwatch.describe_alarms_for_metric(Namespace="Test", MetricName=metric)
    assert len(of_metric["MetricAlarms"]) == 3


@behaviour("CloudWatch", "PutMetricAlarm")
@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Period": 7}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 3000, "EvaluationPeriods": 30}, "more than a day"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm"),
        ({"TreatMissingData": "perhaps"}, "perhaps"),
        ({"Statistic": "Sum", "ExtendedStatistic": "p9"}, "mutually exclusive"),
        ({"ExtendedStatistic": "p999"}, "p999"),
        ({"EvaluateLowSampleCountPercentile": "perhaps"}, "perhaps"),
        ({"Metrics": queries("m1 +", "a")}, "Error in expression"),
        ({"Metrics": queries("m1 + m9", "a")}, "m9"),
        ({"Metrics": [{**query, "ReturnData": True} for query in queries("m1", "a")]}, "Exactly one"),
    ],
)
def test_alarms_that_are_refused(alarms: Alarms, members: dict[str, Any], words: str) -> None:
    """Odd periods, more than a day, M above N, unknown treatments and broken expressions are refused."""
    with pytest.raises(ClientError, match=words) as error:
        alarms.alarm("m", **members)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@behaviour("CloudWatch", "DeleteAlarms")
def test_deleting_what_is_not_there(alarms: Alarms) -> None:
    """When one of the alarms does not exist, none is deleted: ResourceNotFound."""
    name = alarms.alarm(alarms.name())
    with pytest.raises(ClientError) as error:
        alarms.cloudwatch.delete_alarms(AlarmNames=[name, "nobody"])
    assert error.value.response["Error"]["Code"] == "ResourceNotFound"
    assert alarms.described(name)
    with pytest.raises(ClientError) as error:
        alarms.cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="x")
    assert error.value.response["Error"]["Code"] == "ResourceNotFound"


@behaviour("CloudWatch", "PutMetricAlarm", covered=False)
def test_anomaly_detection_alarms(alarms: Alarms) -> None:
    """Alarms on anomaly detection are not covered: NotImplemented."""
    with pytest.raises(ClientError, match="anomaly detection"):
        alarms.alarm("m", ComparisonOperator="GreaterThanUpperThreshold", ThresholdMetricId="m1")
