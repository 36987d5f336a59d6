"""S3's bucket policies on the loopback.

moto ignores a policy's Condition, so that a Deny of plain HTTP denies everything. The sandbox's own loopback
counts as secure transport: such a Deny does not apply, and the policy need not be weakened. Deny statements
with other conditions do not apply either; nothing here evaluates them.
"""

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


def install() -> None:
    """Patch moto's check of bucket policies."""
    FakeBucket.get_permission = _get_permission


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
