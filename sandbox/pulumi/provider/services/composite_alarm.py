"""CloudWatch: composite alarms."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, attempt, tag_list, tag_map
from sandbox.pulumi.provider.properties import Property, unordered
from sandbox.pulumi.provider.resource import TAGS, Resource, Update, retag
from sandbox.pulumi.provider.values import Properties

_ALIKE = {
    "alarmName": "AlarmName",
    "alarmRule": "AlarmRule",
    "alarmDescription": "AlarmDescription",
    "alarmActions": "AlarmActions",
    "insufficientDataActions": "InsufficientDataActions",
    "okActions": "OKActions",
}
_SUPPRESSOR = {
    "alarm": "ActionsSuppressor",
    "extensionPeriod": "ActionsSuppressorExtensionPeriod",
    "waitPeriod": "ActionsSuppressorWaitPeriod",
}


class CompositeAlarm(Resource):
    """An alarm on the states of others."""

    token = "aws:cloudwatch/compositeAlarm:CompositeAlarm"  # noqa: S105
    label = "CloudWatch Composite Alarm"
    identity = ("alarmName",)
    properties: ClassVar[Mapping[str, Property]] = {
        "alarmName": Property(required=True, replaces=True),
        "alarmRule": Property(required=True),
        "actionsEnabled": Property(default=True, replaces=True),
        "actionsSuppressor": Property(),
        "alarmActions": Property(normal=unordered),
        "alarmDescription": Property(),
        "insufficientDataActions": Property(normal=unordered),
        "okActions": Property(normal=unordered),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["alarmName"])
        put = aws.client("cloudwatch").put_composite_alarm
        tags = tag_list(aws.all_tags(inputs.get("tags")))
        attempt(self.doing("creating", name), put, Tags=tags, **_parameters(inputs))
        return name

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        cloudwatch, doing = aws.client("cloudwatch"), self.doing("reading", identifier)
        kinds = ["CompositeAlarm"]
        found = attempt(doing, cloudwatch.describe_alarms, AlarmNames=[identifier], AlarmTypes=kinds)
        if not found["CompositeAlarms"]:
            return None
        (alarm,) = found["CompositeAlarms"]
        arn = alarm["AlarmArn"]
        tags = attempt(doing, cloudwatch.list_tags_for_resource, ResourceARN=arn).get("Tags", ())
        state: Properties = {ours: alarm.get(theirs) for ours, theirs in _ALIKE.items()}
        state |= {"arn": arn, "actionsEnabled": alarm["ActionsEnabled"], "tagsAll": tag_map(tags)}
        if alarm.get("ActionsSuppressor"):
            state["actionsSuppressor"] = {ours: alarm[theirs] for ours, theirs in _SUPPRESSOR.items()}
        return {name: value for name, value in state.items() if value not in (None, [])}

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        cloudwatch, doing = aws.client("cloudwatch"), self.doing("updating", identifier)
        if update.changed - {"tags"}:
            attempt(doing, cloudwatch.put_composite_alarm, **_parameters(update.inputs))
        arn = update.state["arn"]
        retag(doing, update, cloudwatch.tag_resource, cloudwatch.untag_resource, ResourceARN=arn)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = aws.client("cloudwatch").delete_alarms
        attempt(self.doing("deleting", identifier), delete, AlarmNames=[identifier])


def _parameters(inputs: Properties) -> dict[str, Any]:
    """PutCompositeAlarm's parameters: the call replaces the whole alarm."""
    parameters: dict[str, Any] = {
        theirs: inputs[ours] for ours, theirs in _ALIKE.items() if inputs.get(ours) is not None
    }
    if inputs.get("actionsEnabled") is not None:
        parameters["ActionsEnabled"] = inputs["actionsEnabled"]
    suppressor = inputs.get("actionsSuppressor")
    if isinstance(suppressor, dict):
        parameters |= {theirs: suppressor[ours] for ours, theirs in _SUPPRESSOR.items()}
    return parameters


RESOURCES: tuple[Resource, ...] = (CompositeAlarm(),)
