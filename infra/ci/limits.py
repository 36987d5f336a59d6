"""What a job that deploys may do, of what whoever deploys its stage may. Pure.

A job runs what the repository holds, so its role must not lead to more than itself. Who may assume a role of
the stage or use its key, which policy bounds the role, and that either is gone again are a person's to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from infra import deployer_policy
from infra.ci import keys
from infra.policies import Statement
from release.domain import names
from release.domain.stage import StageSettings

WHY: Mapping[str, str] = {
    "RoleChanges": "what that role may do, as the stage's data says",
    "NewKey": "the stage's key, before it has its alias",
    "NewKeysTags": "that key is made with the stage's tags",
    "KeyGrants": "ECR uses the key by a grant that it asks for itself",
}
"""What the statements are for that the deployer's policy does not have by these names."""
_PEOPLES = {
    *("iam:DeleteRole", "iam:UpdateAssumeRolePolicy"),
    *("iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
}
_OF_A_BOUNDED_ROLE = {"iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"}
_PEOPLES_OF_KEYS = {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:UpdateAlias", "kms:DeleteAlias"}
"""An alias that could be moved would make any key of the account the stage's."""
_OF_A_NEW_KEY = {
    *("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
    *("kms:EnableKeyRotation", "kms:CreateAlias"),
}
"""What is done to a key that has no alias yet: nothing reads or loses by it what a key encrypts."""


def statements(stage: StageSettings) -> Iterator[Statement]:
    """The deployer's statements as a job has them; pipelines are people's."""
    known = {one["Sid"]: one for one in deployer_policy.document(stage)["Statement"]}
    for sid, one in known.items():
        if sid == "Role":
            whole_names = known["RoleToSageMaker"]["Resource"]
            yield from _roles({**one, "Resource": whole_names}, stage.permissions_boundary)
        elif sid == "Key":
            yield from _keys(one, stage.stage)
        elif sid != deployer_policy.PIPELINES:
            yield one


def unbounded(stages: Iterable[StageSettings]) -> str | None:
    """What whoever runs code in a job can come to by stages whose roles nothing bounds; None without any."""
    found = ", ".join(one.stage for one in stages if one.permissions_boundary is None)
    if not found:
        return None
    return (
        f"Nothing bounds the execution role of {found}: slipway:permissions_boundary is not set. Whoever can "
        "run code in a job that deploys there can give that role any right and run code as that role in a "
        "container of SageMaker: do anything in the account, and say a yes in another stage too. Set "
        "slipway:permissions_boundary in the stage's file; then a person runs pulumi up of the stage, and of "
        "this stack (docs/ci-roles.md)."
    )


def _roles(statement: Statement, boundary: str | None) -> Iterator[Statement]:
    """What they may do changes only while they have their boundary, where the stage says one."""
    yield _but(statement, _PEOPLES | _OF_A_BOUNDED_ROLE)
    held = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}} if boundary else {}
    yield {**_of(statement, _OF_A_BOUNDED_ROLE), "Sid": "RoleChanges", **held}


def _keys(statement: Statement, stage: str) -> Iterator[Statement]:
    """The key that has the stage's alias; of others what making one needs.

    A key's alias decides some minutes after it was given, and the registry is made before that.
    """
    on_keys = keys.alone(statement)
    tags = {"aws:RequestTag/project": names.PROJECT, "aws:RequestTag/stage": stage}
    yield keys.held(_but(on_keys, _PEOPLES_OF_KEYS | _OF_A_NEW_KEY), [names.key_alias(stage)])
    yield {**_of(statement, _OF_A_NEW_KEY), "Sid": "NewKey"}
    yield {
        **_of(on_keys, {"kms:TagResource"}),
        "Sid": "NewKeysTags",
        "Condition": {"StringEquals": tags},
    }
    for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    yield {**_of(on_keys, {"kms:CreateGrant"}), "Sid": "KeyGrants", "Condition": for_services}


def _of(statement: Statement, actions: AbstractSet[str]) -> Statement:
    return {**statement, "Action": [action for action in statement["Action"] if action in actions]}


def _but(statement: Statement, actions: AbstractSet[str]) -> Statement:
    return {**statement, "Action": [action for action in statement["Action"] if action not in actions]}
