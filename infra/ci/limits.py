"""What a job that deploys may do, of what whoever deploys its stage may. Pure.

A job runs what the repository holds, so its role must not lead to more than itself. Who may assume a role of
the stage, which policy bounds it, and that it is gone again are a person's to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from infra import deployer_policy
from infra.policies import Statement
from release.domain.stage import StageSettings

WHY: Mapping[str, str] = {
    "RoleChanges": "what that role may do, as the stage's data says",
}
"""What the statements are for that the deployer's policy does not have by these names."""
_PEOPLES = {
    *("iam:DeleteRole", "iam:UpdateAssumeRolePolicy"),
    *("iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
}
_OF_A_BOUNDED_ROLE = {"iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"}


def statements(stage: StageSettings) -> Iterator[Statement]:
    """The deployer's statements as a job has them."""
    known = {one["Sid"]: one for one in deployer_policy.document(stage)["Statement"]}
    for sid, one in known.items():
        if sid == "Role":
            whole_names = known["RoleToSageMaker"]["Resource"]
            yield from _roles({**one, "Resource": whole_names}, stage.permissions_boundary)
        else:
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


def _of(statement: Statement, actions: AbstractSet[str]) -> Statement:
    return {**statement, "Action": [action for action in statement["Action"] if action in actions]}


def _but(statement: Statement, actions: AbstractSet[str]) -> Statement:
    return {**statement, "Action": [action for action in statement["Action"] if action not in actions]}
