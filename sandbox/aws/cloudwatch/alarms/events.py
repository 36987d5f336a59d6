"""What CloudWatch tells EventBridge of an alarm: the detail of its state changes. Only reads moto's alarm.

The members are those of "Alarm events and EventBridge" in CloudWatch's user guide.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm

from sandbox.aws.cloudwatch.alarms.message import timestamp

SOURCE, TYPE = "aws.cloudwatch", "CloudWatch Alarm State Change"


def detail(alarm: Alarm, change: Mapping[str, Any], at: datetime, before: datetime | None) -> dict[str, Any]:
    """The event's detail; `change` is what the alarm's history has of it, `before` when the last one was."""
    found: dict[str, Any] = {
        "alarmName": alarm.name,
        "state": _state(change["newState"], at),
        "previousState": _state(change["oldState"], before),
        "configuration": _configuration(alarm),
    }
    if alarm.alarm_actions is not None:
        found["actionsEnabled"] = bool(alarm.actions_enabled)
    return found


def _state(side: Mapping[str, Any], at: datetime | None) -> dict[str, Any]:
    found = {"value": side["stateValue"], "reason": side.get("stateReason")}
    if "stateReasonData" in side:
        found["reasonData"] = json.dumps(side["stateReasonData"])
    if at is not None:
        found["timestamp"] = timestamp(at.replace(tzinfo=at.tzinfo or UTC))
    return {name: value for name, value in found.items() if value is not None}


def _configuration(alarm: Alarm) -> dict[str, Any]:
    params: Mapping[str, Any] = getattr(alarm, "sandbox_params", {})
    described = {"description": alarm.description} if alarm.description else {}
    if alarm.rule is not None:
        return {"alarmRule": alarm.rule, **described}
    if params.get("Metrics"):
        return {"metrics": [_query(one) for one in params["Metrics"]], **described}
    metric = {
        "namespace": params.get("Namespace"),
        "name": params.get("MetricName"),
        "dimensions": _dimensions(params.get("Dimensions")),
    }
    stat = {
        "metric": metric,
        "period": params.get("Period"),
        "stat": params.get("Statistic") or params.get("ExtendedStatistic"),
    }
    return {"metrics": [{"id": alarm.name, "metricStat": stat, "returnData": True}], **described}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData") is not False}
    if query.get("Expression"):
        return {"expression": query["Expression"], **found}
    stat = query["MetricStat"]
    metric = {
        "namespace": stat["Metric"].get("Namespace"),
        "name": stat["Metric"].get("MetricName"),
        "dimensions": _dimensions(stat["Metric"].get("Dimensions")),
    }
    return {**found, "metricStat": {"metric": metric, "period": stat["Period"], "stat": stat["Stat"]}}


def _dimensions(listed: list[Mapping[str, str]] | None) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in listed or []}
