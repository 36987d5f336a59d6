"""What moto's S3 gets wrong: bucket policies on the loopback, and notifications to EventBridge.

moto ignores a policy's Condition, so that a Deny of plain HTTP denies everything. The sandbox's own loopback
counts as secure transport: such a Deny does not apply, and the policy need not be weakened. Deny statements
with other conditions do not apply either; nothing here evaluates them.
"""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response


def install() -> None:
    """Patch moto's check of bucket policies and its description of notifications."""
    FakeBucket.get_permission = _get_permission
    S3Response.get_bucket_notification = _get_bucket_notification


def _get_bucket_notification(self: S3Response) -> Any:
    """GetBucketNotificationConfiguration; moto leaves EventBridge out."""
    found = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if not found:
        return self.serialized(EmptyResult())
    kinds = (
        ("TopicConfigurations", "TopicArn", found.topic),
        ("QueueConfigurations", "QueueArn", found.queue),
        ("LambdaFunctionConfigurations", "LambdaFunctionArn", found.cloud_function),
    )
    result: dict[str, Any] = {
        member: [_notification(entry, arn) for entry in entries] for member, arn, entries in kinds
    }
    if found.event_bridge is not None:
        result["EventBridgeConfiguration"] = {}
    self.data["Action"] = "GetBucketNotificationConfiguration"
    return self.serialized(ActionResult(result))


def _notification(entry: Any, arn: str) -> dict[str, Any]:
    described: dict[str, Any] = {"Id": entry.id, arn: entry.arn, "Events": entry.events}
    if entry.filters:
        described["Filter"] = {"Key": {"FilterRules": entry.filters["S3Key"]["FilterRule"]}}
    return described


def _get_permission(self: FakeBucket, action: str, resource: str) -> Any:
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = applicable(json.loads(self.policy))
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def applicable(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy without the Deny statements that have a condition."""
    statements = policy["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    kept = [s for s in statements if not (s["Effect"] == "Deny" and s.get("Condition"))]
    return {**policy, "Statement": kept}
