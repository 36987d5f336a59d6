"""CloudWatch: metric alarms."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, attempt, tag_list, tag_map
from sandbox.pulumi.provider.properties import Property, unordered
from sandbox.pulumi.provider.resource import COMPUTED, NAME, TAGS, Resource, Update, retag
from sandbox.pulumi.provider.shapes import from_aws
from sandbox.pulumi.provider.values import Properties, Value

_PLAIN = (
    # Members that are the same on both sides but for the capital letter.
    "actionsEnabled",
    "alarmActions",
    "alarmDescription",
    "comparisonOperator",
    "datapointsToAlarm",
    "evaluationPeriods",
    "extendedStatistic",
    "insufficientDataActions",
    "metricName",
    "namespace",
    "okActions",
    "period",
    "statistic",
    "threshold",
    "thresholdMetricId",
    "treatMissingData",
    "unit",
)
_RENAMED = {"okActions": "OKActions", "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile"}


class MetricAlarm(Resource):
    """An alarm on one metric, or on an expression over several."""

    token = "aws:cloudwatch/metricAlarm:MetricAlarm"  # noqa: S105
    label = "CloudWatch Metric Alarm"

    @staticmethod
    def _queries(value: Value) -> Value:
        """Return metric queries as AWS means them: a set, where `returnData` is false unless given."""
        if not isinstance(value, list):
            return value
        return unordered([{"returnData": False, **item} for item in value if isinstance(item, dict)])

    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "actionsEnabled": Property(default=True),
        "alarmActions": Property(normal=unordered),
        "alarmDescription": Property(),
        "comparisonOperator": Property(required=True),
        "datapointsToAlarm": Property(),
        "dimensions": Property(),
        "evaluateLowSampleCountPercentiles": COMPUTED,
        "evaluationPeriods": Property(required=True),
        "extendedStatistic": Property(),
        "insufficientDataActions": Property(normal=unordered),
        "metricName": Property(),
        "metricQueries": Property(normal=_queries),
        "namespace": Property(),
        "okActions": Property(normal=unordered),
        "period": Property(),
        "statistic": Property(),
        "threshold": Property(),
        "thresholdMetricId": Property(),
        "treatMissingData": Property(default="missing"),
        "unit": Property(),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        tags = tag_list(aws.all_tags(inputs.get("tags")))
        put = aws.client("cloudwatch").put_metric_alarm
        attempt(f"creating {self.label} ({name})", put, Tags=tags, **parameters(inputs))
        return name

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        cloudwatch = aws.client("cloudwatch")
        doing = f"reading {self.label} ({identifier})"
        answer = attempt(
            doing, cloudwatch.describe_alarms, AlarmNames=[identifier], AlarmTypes=["MetricAlarm"]
        )
        if not answer["MetricAlarms"]:
            return None
        alarm = answer["MetricAlarms"][0]
        tags = attempt(doing, cloudwatch.list_tags_for_resource, ResourceARN=alarm["AlarmArn"]).get(
            "Tags", ()
        )
        state: Properties = {name: alarm.get(_aws_name(name)) for name in _PLAIN}
        state["name"] = alarm["AlarmName"]
        state["arn"] = alarm["AlarmArn"]
        state["evaluateLowSampleCountPercentiles"] = alarm.get("EvaluateLowSampleCountPercentile")
        state["dimensions"] = {item["Name"]: item["Value"] for item in alarm.get("Dimensions", ())} or None
        state["metricQueries"] = [_query_from_aws(query) for query in alarm.get("Metrics", ())] or None
        state["tagsAll"] = tag_map(tags)
        return {name: value for name, value in state.items() if value not in (None, [])}

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        cloudwatch = aws.client("cloudwatch")
        doing = f"updating {self.label} ({identifier})"
        if update.changed - {"tags"}:
            attempt(doing, cloudwatch.put_metric_alarm, **parameters(update.inputs))
        arn = update.state["arn"]
        retag(doing, update, cloudwatch.tag_resource, cloudwatch.untag_resource, ResourceARN=arn)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = aws.client("cloudwatch").delete_alarms
        attempt(f"deleting {self.label} ({identifier})", delete, AlarmNames=[identifier])


def _aws_name(name: str) -> str:
    return _RENAMED.get(name, name[:1].upper() + name[1:])


def parameters(inputs: Properties) -> dict[str, Any]:
    """Return PutMetricAlarm's parameters: the call replaces the whole alarm."""
    parameters: dict[str, Any] = {
        _aws_name(name): inputs[name] for name in _PLAIN if inputs.get(name) is not None
    }
    parameters["AlarmName"] = inputs["name"]
    if inputs.get("evaluateLowSampleCountPercentiles"):
        parameters["EvaluateLowSampleCountPercentile"] = inputs["evaluateLowSampleCountPercentiles"]
    dimensions = inputs.get("dimensions")
    if isinstance(dimensions, dict):
        parameters["Dimensions"] = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    queries = inputs.get("metricQueries")
    if isinstance(queries, list) and queries:
        parameters["Metrics"] = [_query_to_aws(query) for query in queries if isinstance(query, dict)]
    return parameters


def _query_to_aws(query: Properties) -> dict[str, Any]:
    """Pulumi writes the metric's name, period and statistic beside each other; AWS nests the metric."""
    answer: dict[str, Any] = {
        _aws_name(name): query[name]
        for name in ("id", "expression", "label", "period", "accountId")
        if query.get(name) is not None
    }
    answer["ReturnData"] = bool(query.get("returnData"))  # AWS's own default is true, the provider's is not
    metric = query.get("metric")
    if isinstance(metric, dict):
        dimensions = metric.get("dimensions")
        pairs = dimensions.items() if isinstance(dimensions, dict) else ()
        answer["MetricStat"] = {
            "Metric": {
                "Namespace": metric.get("namespace"),
                "MetricName": metric["metricName"],
                "Dimensions": [{"Name": name, "Value": value} for name, value in pairs],
            },
            **{_aws_name(name): metric[name] for name in ("period", "stat", "unit") if metric.get(name)},
        }
    return answer


def _query_from_aws(query: Mapping[str, Any]) -> Value:
    answer = from_aws({key: value for key, value in query.items() if key != "MetricStat"})
    stat = query.get("MetricStat")
    if isinstance(answer, dict) and stat:
        metric: Properties = {
            "metricName": stat["Metric"]["MetricName"],
            "namespace": stat["Metric"].get("Namespace"),
            "period": stat["Period"],
            "stat": stat["Stat"],
            "unit": stat.get("Unit"),
            "dimensions": {item["Name"]: item["Value"] for item in stat["Metric"].get("Dimensions", ())}
            or None,
        }
        answer["metric"] = {name: value for name, value in metric.items() if value is not None}
    return answer


RESOURCES: tuple[Resource, ...] = (MetricAlarm(),)
