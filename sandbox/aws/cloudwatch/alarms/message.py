"""The message that an alarm sends to its SNS topics, in CloudWatch's JSON. Only reads moto's alarm."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm

REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "sa-east-1": "South America (Sao Paulo)",
}
"""The names that messages use; any other region is called by its code."""

_MOST_SUBJECT = 100
_STATISTICS = {
    "Average": "AVERAGE",
    "Maximum": "MAXIMUM",
    "Minimum": "MINIMUM",
    "SampleCount": "SAMPLE_COUNT",
    "Sum": "SUM",
}


def timestamp(at: datetime) -> str:
    """A time as CloudWatch writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def subject(region: str, alarm: Alarm) -> str:
    """The subject of the message, at most 100 characters."""
    text = f'{alarm.state_value}: "{alarm.name}" in {REGIONS.get(region, region)}'
    return text if len(text) <= _MOST_SUBJECT else text[: _MOST_SUBJECT - 3] + "..."


def message(
    account: str, region: str, alarm: Alarm, old_state: str, at: datetime, triggers: Iterable[Alarm] = ()
) -> str:
    """The message, as JSON text; `triggers` are the alarms that changed a composite one."""
    body: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": timestamp(
            alarm.configuration_updated_timestamp.replace(tzinfo=UTC)
        ),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": timestamp(at),
        "Region": REGIONS.get(region, region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": old_state,
        "OKActions": alarm.ok_actions or [],
        "AlarmActions": alarm.alarm_actions or [],
        "InsufficientDataActions": alarm.insufficient_data_actions or [],
    }
    if alarm.rule is not None:
        body["AlarmRule"] = alarm.rule
        body["TriggeringChildren"] = [
            {
                "Arn": child.alarm_arn,
                "State": {
                    "Value": child.state_value,
                    "Timestamp": timestamp(child.state_updated_timestamp.replace(tzinfo=UTC)),
                },
            }
            for child in triggers
        ]
    else:
        body["Trigger"] = trigger(getattr(alarm, "sandbox_params", {}))
    return json.dumps(body)


def trigger(params: Mapping[str, Any]) -> dict[str, Any]:
    """The alarm's definition as the message holds it, from PutMetricAlarm's parameters."""
    periods = params.get("EvaluationPeriods")
    shared: dict[str, Any] = {
        "Period": params.get("Period"),
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": params.get("DatapointsToAlarm") or periods,
        "ComparisonOperator": params.get("ComparisonOperator"),
        "Threshold": params.get("Threshold"),
        "TreatMissingData": params.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": params.get("EvaluateLowSampleCountPercentile") or "",
    }
    if params.get("Metrics"):
        metrics = [_query(query) for query in params["Metrics"]]
        stats = [query["MetricStat"]["Period"] for query in metrics if "MetricStat" in query]
        return {**shared, "Period": stats[0] if stats else None, "Metrics": metrics}
    extended = params.get("ExtendedStatistic")
    kind = {"StatisticType": "Statistic", "Statistic": _STATISTICS.get(params.get("Statistic") or "", "")}
    if extended:
        kind = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
    return {
        "MetricName": params.get("MetricName"),
        "Namespace": params.get("Namespace"),
        **kind,
        "Unit": params.get("Unit"),
        "Dimensions": _dimensions(params.get("Dimensions")),
        **shared,
    }


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"Id": query["Id"]}
    if query.get("Label"):
        result["Label"] = query["Label"]
    result["ReturnData"] = query.get("ReturnData") is not False
    if query.get("Expression"):
        return {"Expression": query["Expression"], **result}
    stat = query["MetricStat"]
    metric = {**stat["Metric"], "Dimensions": _dimensions(stat["Metric"].get("Dimensions"))}
    result["MetricStat"] = {**stat, "Metric": metric}
    return result


def _dimensions(dimensions: list[Mapping[str, str]] | None) -> list[dict[str, str]]:
    return [{"value": d["Value"], "name": d["Name"]} for d in dimensions or []]
