"""What moto's S3 gets wrong: policies on the loopback, suspended versioning, EventBridge, and the clock.

moto ignores a policy's Condition, so that a Deny of plain HTTP denies everything. The sandbox's own loopback
counts as secure transport: such a Deny does not apply, and the policy need not be weakened. Deny statements
with other conditions do not apply either; nothing here evaluates them.

moto takes a bucket whose versioning is suspended for one that never had any: deleting one version would take
all of its object, and fail on a delete marker. Whoever destroys a bucket suspends its versioning first.
"""

import json
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models as moto_models
from moto.s3.exceptions import AccessDeniedByLock
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.responses import S3Response

from sandbox.core import clock


def install() -> None:
    """Patch moto's clock, its check of bucket policies, its description of notifications, and deletions."""
    original = S3Backend.delete_object

    def delete_object(
        self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Suspended":
            return original(self, bucket_name, key_name, version_id, bypass)
        return _delete_in_suspended(bucket, key_name, version_id, bypass)

    # Its own copy of the function: objects are as old as the sandbox's clock says, like all else.
    moto_models.utcnow = _utcnow  # ty: ignore[invalid-assignment]
    S3Backend.delete_object = delete_object
    FakeBucket.get_permission = _get_permission
    S3Response.get_bucket_notification = _get_bucket_notification


def _utcnow() -> datetime:
    return clock.now().replace(tzinfo=None)


def _delete_in_suspended(
    bucket: FakeBucket, key: str, version: str | None, bypass: bool
) -> tuple[bool, dict[str, Any]]:
    """Delete one version; without a version the null version, whose place a delete marker takes.

    "Deleting objects from versioning-suspended buckets" in S3's user guide.
    """
    versions = bucket.keys.getlist(key, [])
    going = [one for one in versions if (one.version_id or "null") == (version or "null")]
    if any(isinstance(one, FakeKey) and one.is_locked(governance_bypass=bypass) for one in going):
        raise AccessDeniedByLock
    kept = [one for one in versions if one not in going]
    answer = {"version-id": version or "null"}
    if version is None and versions:
        marker: Any = FakeDeleteMarker(versions[-1])
        marker._version_id = "null"
        kept.append(marker)
        answer["delete-marker"] = "true"
    if kept:
        bucket.keys.setlist(key, kept)
    else:
        dict.pop(bucket.keys, key, None)
    for one in going:
        if isinstance(one, FakeKey):
            one.dispose()
    return True, answer


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
