"""What CloudWatch kept of an endpoint: its containers' last words, and its alarms."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import StageAws, error_code
from release.domain.diagnosis.symptoms import Alarm, LogStream

STREAMS = 6
"""Containers whose log is read, those that started last."""
LINES = 200
"""Last lines that are read of each."""
LINE_LENGTH = 2000


class Signs:
    """Logs and alarms of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws

    def logs(self, group: str, since: datetime) -> Sequence[LogStream]:
        """The last lines of the containers that started since, without telemetry; the youngest first."""
        client, start = self._aws.client("logs"), int(since.timestamp() * 1000)
        try:
            answer = client.describe_log_streams(
                logGroupName=group, orderBy="LastEventTime", descending=True, limit=50
            )
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
        streams = [found for found in answer["logStreams"] if found["creationTime"] >= start]
        streams.sort(key=lambda found: found["creationTime"], reverse=True)
        names = [found["logStreamName"] for found in streams[:STREAMS]]
        return [LogStream(name, tuple(self._lines(client, group, name))) for name in names]

    def alarms(self, names: Sequence[str], since: datetime) -> Sequence[Alarm]:
        """These alarms, and whether each rang since, with CloudWatch's reason of that moment."""
        client = self._aws.client("cloudwatch")
        found = client.describe_alarms(AlarmNames=list(names))["MetricAlarms"]
        return [self._alarm(client, alarm, since) for alarm in found]

    def _lines(self, client: Any, group: str, stream: str) -> Iterator[str]:
        events = client.get_log_events(
            logGroupName=group, logStreamName=stream, limit=LINES, startFromHead=False
        )["events"]
        for event in events:
            if not event["message"].startswith("{"):
                yield event["message"].rstrip()[:LINE_LENGTH]

    def _alarm(self, client: Any, alarm: dict[str, Any], since: datetime) -> Alarm:
        name = alarm["AlarmName"]
        if alarm["StateValue"] == "ALARM":
            return Alarm(name, True, alarm.get("StateReason", ""))
        history = client.describe_alarm_history(
            AlarmName=name, HistoryItemType="StateUpdate", StartDate=since, MaxRecords=20
        )["AlarmHistoryItems"]
        states = [json.loads(item["HistoryData"]).get("newState", {}) for item in history]
        rang = next((state for state in states if state.get("stateValue") == "ALARM"), None)
        return Alarm(name, rang is not None, (rang or {}).get("stateReason", ""))
