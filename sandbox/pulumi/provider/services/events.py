"""EventBridge: a rule of the account's own bus, by pattern or by schedule, and where its events go."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, find, tag_map
from sandbox.pulumi.provider.properties import Default, Property, json_document
from sandbox.pulumi.provider.resource import NAME, TAGS, Named, Resource, Update, retag
from sandbox.pulumi.provider.values import Properties

_GONE = ("ResourceNotFoundException",)
_RULE = {
    "description": "Description",
    "eventPattern": "EventPattern",
    "roleArn": "RoleArn",
    "scheduleExpression": "ScheduleExpression",
    "state": "State",
}
_TARGET = {"arn": "Arn", "input": "Input", "inputPath": "InputPath", "roleArn": "RoleArn"}


class EventRule(Named):
    """A rule. Its id is its name, as on the bus that every account has."""

    token = "aws:cloudwatch/eventRule:EventRule"  # noqa: S105
    label = "EventBridge Rule"
    service, member, gone = "events", "Name", _GONE
    create_call, describe_call, delete_call = "put_rule", "describe_rule", "delete_rule"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "description": Property(),
        "eventPattern": Property(normal=json_document),
        "forceDestroy": Property(local=True),
        "roleArn": Property(),
        "scheduleExpression": Property(),
        "state": Property(default="ENABLED"),
        "tags": TAGS,
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        return {theirs: inputs[ours] for ours, theirs in _RULE.items() if inputs.get(ours)}

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        listed = attempt(doing, aws.client("events").list_tags_for_resource, ResourceARN=found["Arn"])
        return {
            "name": found["Name"],
            "arn": found["Arn"],
            "tagsAll": tag_map(listed.get("Tags", ())),
            **{ours: found.get(theirs) for ours, theirs in _RULE.items()},
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        events, doing = aws.client("events"), self.doing("updating", identifier)
        if update.changed - {"tags", "forceDestroy"}:
            attempt(doing, events.put_rule, Name=identifier, **self.parameters(update.inputs))
        arn = update.state["arn"]
        retag(doing, update, events.tag_resource, events.untag_resource, ResourceARN=arn)


class EventTarget(Resource):
    """Where the events of a rule go. Its id is `rule-target`, of which the state has both parts."""

    token = "aws:cloudwatch/eventTarget:EventTarget"  # noqa: S105
    label = "EventBridge Target"
    identity = ("rule", "targetId")
    computed = ()
    properties: ClassVar[Mapping[str, Property]] = {
        "rule": Property(required=True, replaces=True),
        "targetId": Property(required=True, replaces=True),
        "arn": Property(required=True),
        "input": Property(),
        "inputPath": Property(),
        "roleArn": Property(),
        "eventBusName": Property(default=Default.COMPUTED, replaces=True),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        identifier = f"{inputs['rule']}-{inputs['targetId']}"
        self._put(aws, self.doing("creating", identifier), inputs)
        return identifier

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        rule, target = known.get("rule"), known.get("targetId")
        if not rule:
            raise ProviderError(f"reading {self.label} ({identifier}): it cannot be imported here")
        list_targets = aws.client("events").list_targets_by_rule
        found = find(self.doing("reading", identifier), _GONE, list_targets, Rule=rule) or {}
        for one in found.get("Targets", ()):
            if one["Id"] == target:
                values = {ours: one.get(theirs) for ours, theirs in _TARGET.items()}
                return {"rule": rule, "targetId": target, "eventBusName": "default", **values}
        return None

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        self._put(aws, self.doing("updating", identifier), update.inputs)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        remove, doing = aws.client("events").remove_targets, self.doing("deleting", identifier)
        find(doing, _GONE, remove, Rule=state["rule"], Ids=[state["targetId"]])

    def _put(self, aws: Aws, doing: str, inputs: Properties) -> None:
        target = {theirs: inputs[ours] for ours, theirs in _TARGET.items() if inputs.get(ours)}
        target["Id"] = str(inputs["targetId"])
        put = aws.client("events").put_targets
        answer = attempt(doing, put, Rule=inputs["rule"], Targets=[target])
        if answer.get("FailedEntryCount"):
            raise ProviderError(f"{doing}: {answer['FailedEntries'][0].get('ErrorMessage')}")


RESOURCES: tuple[Resource, ...] = (EventRule(), EventTarget())
