"""CloudWatch's alarms: their states, evaluated on time, and what missing data mean.

Time is moved by the sandbox's clock, so that no test waits for a period to pass.
"""

import json
from datetime import datetime, timedelta

import pytest

from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.alarms import Alarms, Inbox, queries
from tests.sandbox.conformance.convention import behaviour

MISSING = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
    "AlarmThatSendsEmail.html#alarms-and-missing-data"
)
LOW_SAMPLES = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"
)


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
