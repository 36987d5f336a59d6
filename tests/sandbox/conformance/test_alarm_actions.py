"""The actions on CloudWatch's alarms: set, describe, history, composite alarms, and what is refused."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.alarms import Alarms, Inbox, queries
from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.world import wait_for


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
    assert [child["Arn"].rpartition(":")[2] for child in message["TriggeringChildren"]] == [one]
    assert f":alarm:{one} transitioned to ALARM at " in message["NewStateReason"]
    alarms.cloudwatch.set_alarm_state(AlarmName=two, StateValue="ALARM", StateReason="a drill")
    assert state() == "OK"
    items = alarms.history(name, AlarmTypes=["CompositeAlarm"])
    assert len(items) == 3
    with pytest.raises(ClientError, match="do not exist"):
        alarms.cloudwatch.put_composite_alarm(AlarmName=alarms.name(), AlarmRule="ALARM(nobody)")


@behaviour("CloudWatch", "PutCompositeAlarm")
def test_a_suppressor(sandbox: SandboxHandle, alarms: Alarms) -> None:
    """While its ActionsSuppressor rings a composite alarm takes no actions, and a while after."""
    inbox, name = Inbox(sandbox, alarms.name()), alarms.name()
    one, by = alarms.alarm(alarms.name()), alarms.alarm(alarms.name())
    members: dict[str, Any] = {"AlarmName": name, "AlarmRule": f"ALARM({one})", "AlarmActions": [inbox.topic]}
    with pytest.raises(ClientError, match="required when"):
        alarms.cloudwatch.put_composite_alarm(**members, ActionsSuppressor=by)
    periods = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 120}
    alarms.cloudwatch.put_composite_alarm(**members, ActionsSuppressor=by, **periods)

    def described() -> dict[str, Any]:
        answer = alarms.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
        return answer["CompositeAlarms"][0]

    assert {member: described()[member] for member in periods} == periods
    assert described()["ActionsSuppressor"] == by
    sandbox.advance_clock(60)
    for alarm in (one, by):
        alarms.becomes(alarm, "INSUFFICIENT_DATA")
        alarms.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a drill")
    assert described()["StateValue"] == "ALARM"
    wait_for(lambda: described().get("ActionsSuppressedBy") == "Alarm", "it to be suppressed")
    assert inbox.empty()
    alarms.cloudwatch.set_alarm_state(AlarmName=by, StateValue="OK", StateReason="over")
    wait_for(lambda: described().get("ActionsSuppressedBy") == "ExtensionPeriod", "the extension")
    alarms.cloudwatch.delete_alarms(AlarmNames=[name])
    assert inbox.empty()


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
def test_deleting_what_a_composite_alarm_needs(alarms: Alarms) -> None:
    """An alarm that a composite alarm looks at is not deleted, and of composite alarms one at a time."""
    child, names = alarms.alarm(alarms.name()), [alarms.name(), alarms.name()]
    for name in names:
        alarms.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({child})")
    with pytest.raises(ClientError, match=f"Cannot delete {child} as there are composite alarm"):
        alarms.cloudwatch.delete_alarms(AlarmNames=[child])
    with pytest.raises(ClientError, match="one composite alarm"):
        alarms.cloudwatch.delete_alarms(AlarmNames=names)
    for gone in ([names[0]], [names[1], child]):
        alarms.cloudwatch.delete_alarms(AlarmNames=gone)


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
