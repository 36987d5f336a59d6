"""DescribeAlarmHistory: picks and pages the entries that a request asks for. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError

from sandbox.aws.cloudwatch.alarms.state import HistoryItem

_MOST = 100
_TYPES = ("ConfigurationUpdate", "StateUpdate", "Action")


def describe_alarm_history(kept: Iterable[HistoryItem], params: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the history, newest first unless ScanBy says otherwise; metric alarms by default."""
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    wanted = params.get("HistoryItemType")
    if wanted not in (None, *_TYPES):
        raise ValidationError(f"The value {wanted} for parameter HistoryItemType is not supported.")
    start, end = params.get("StartDate"), params.get("EndDate")
    found = [
        item
        for item in list(kept)
        if params.get("AlarmName") in (None, item.alarm)
        and item.kind in kinds
        and wanted in (None, item.type)
        and (start is None or item.at >= _aware(start))
        and (end is None or item.at <= _aware(end))
    ]
    if params.get("ScanBy") != "TimestampAscending":
        found.reverse()
    size = int(params.get("MaxRecords") or _MOST)
    if not 1 <= size <= _MOST:
        raise ValidationError(f"The parameter MaxRecords must be between 1 and {_MOST}.")
    token = params.get("NextToken") or "0"
    if not token.isdigit():
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    first = int(token)
    answer: dict[str, Any] = {"AlarmHistoryItems": [_entry(item) for item in found[first : first + size]]}
    if first + size < len(found):
        answer["NextToken"] = str(first + size)
    return answer


def _entry(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm,
        "AlarmType": item.kind,
        "Timestamp": item.at,
        "HistoryItemType": item.type,
        "HistorySummary": item.summary,
        "HistoryData": json.dumps(item.data),
    }


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
