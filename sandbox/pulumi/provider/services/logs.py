"""CloudWatch Logs: the log group and its retention."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, attempt, find
from sandbox.pulumi.provider.properties import Default, Property
from sandbox.pulumi.provider.resource import NAME, TAGS, Resource, Update, retag
from sandbox.pulumi.provider.values import Properties

_GONE = ("ResourceNotFoundException",)


class LogGroup(Resource):
    """A log group."""

    token = "aws:cloudwatch/logGroup:LogGroup"  # noqa: S105
    label = "CloudWatch Logs Log Group"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "retentionInDays": Property(default=0),
        "kmsKeyId": Property(),
        "logGroupClass": Property(default=Default.COMPUTED, replaces=True),
        "skipDestroy": Property(local=True),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        parameters: dict[str, Any] = {"logGroupName": name}
        for member in ("kmsKeyId", "logGroupClass"):
            if inputs.get(member):
                parameters[member] = inputs[member]
        tags = aws.all_tags(inputs.get("tags"))
        if tags:
            parameters["tags"] = tags
        attempt(f"creating {self.label} ({name})", aws.client("logs").create_log_group, **parameters)
        return name

    def finish(self, aws: Aws, identifier: str, inputs: Properties, timeout: float) -> None:
        if inputs.get("retentionInDays"):
            self._retain(aws, f"creating {self.label} ({identifier})", identifier, inputs)

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        logs = aws.client("logs")
        doing = f"reading {self.label} ({identifier})"
        answer = attempt(doing, logs.describe_log_groups, logGroupNamePrefix=identifier)
        for group in answer["logGroups"]:
            if group["logGroupName"] == identifier:
                # The API's ARN ends in ":*", which is a pattern for streams; a resource's own ARN does not.
                arn = group["arn"].removesuffix(":*")
                tags = attempt(doing, logs.list_tags_for_resource, resourceArn=arn).get("tags", {})
                return {
                    "name": identifier,
                    "arn": arn,
                    "retentionInDays": group.get("retentionInDays", 0),
                    "kmsKeyId": group.get("kmsKeyId"),
                    "logGroupClass": group.get("logGroupClass", "STANDARD"),
                    "tagsAll": dict(tags),
                }
        return None

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        logs = aws.client("logs")
        doing = f"updating {self.label} ({identifier})"
        inputs = update.inputs
        if "retentionInDays" in update.changed:
            self._retain(aws, doing, identifier, inputs)
        if "kmsKeyId" in update.changed:
            if inputs.get("kmsKeyId"):
                key = inputs["kmsKeyId"]
                attempt(doing, logs.associate_kms_key, logGroupName=identifier, kmsKeyId=key)
            else:
                attempt(doing, logs.disassociate_kms_key, logGroupName=identifier)
        retag(
            doing,
            update,
            logs.tag_resource,
            logs.untag_resource,
            keys="tagKeys",
            tags="tags",
            form=dict,
            resourceArn=update.state["arn"],
        )

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        if state.get("skipDestroy"):
            return
        delete = aws.client("logs").delete_log_group
        find(f"deleting {self.label} ({identifier})", _GONE, delete, logGroupName=identifier)

    def _retain(self, aws: Aws, doing: str, name: str, inputs: Properties) -> None:
        logs = aws.client("logs")
        days = inputs.get("retentionInDays")
        if days:
            attempt(doing, logs.put_retention_policy, logGroupName=name, retentionInDays=days)
        else:
            attempt(doing, logs.delete_retention_policy, logGroupName=name)


RESOURCES: tuple[Resource, ...] = (LogGroup(),)
