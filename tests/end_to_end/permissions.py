"""Which step of a stage's life needs which permission: recorded by the sandbox, decided by its evaluation.

A policy's permissions are taken away one by one. Whether a step is then denied needs no second life: the
sandbox decides by `allows`, and it has said what it asked for at each step.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.aws.shared.policies import allows

Needs = Mapping[str, Sequence[str]]
"""Resources by IAM's action, as the sandbox says them."""

Steps = Mapping[str, Needs]
"""What each step of a life needed, in order."""

Document = Mapping[str, Any]


READ_BY_THE_PROVIDER = (
    *("application-autoscaling:ListTagsForResource", "iam:ListRolePolicies"),
    *("iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole"),
    *("s3:GetReplicationConfiguration", "s3:GetAccelerateConfiguration", "sns:ListSubscriptionsByTopic"),
)
"""What the AWS provider needs and its stand-in does not: `tests/sandbox/clients/test_terraform.py` sees."""

NOT_IN_THE_LIFE: Mapping[str, str] = {
    **dict.fromkeys(READ_BY_THE_PROVIDER, "the AWS provider reads it and its stand-in does not"),
    "application-autoscaling:*agResource": "the program tags no scalable target; the AWS provider does where "
    "a stage sets aws:defaultTags",
    "ecr:GetDownloadUrlForLayer": "a promotion reads the layers of the stage before; the sandbox's registry "
    "has one store for all repositories, so they are there",
    "s3:AbortMultipartUpload": "an upload of several parts that fails is broken off",
    "servicequotas:ListAWSDefaultServiceQuotas": "asked where the account's own quotas do not name the type",
}
"""Permissions of the deployer that no step of the life needs, with the reason why it has them."""
BY_TIME = {"cloudwatch:GetMetricData": "asked now and then in a judged rollout, which may be over sooner"}
"""Permissions of the deployer that a step needs in some lives, by how long it takes, and not in others."""


def actions(document: Document) -> list[str]:
    """Every action that a policy allows, as it says it."""
    return [action for _, statement in _allowing(document) for action in _listed(statement["Action"])]


def resources(document: Document) -> list[tuple[str, str]]:
    """Every resource on which a policy allows something, with the name of its statement."""
    listed = _allowing(document)
    return [(statement["Sid"], one) for _, statement in listed for one in _listed(statement["Resource"])]


def without_action(document: Document, action: str) -> Document:
    """The policy that allows one of its actions no more; what it denies stays."""
    statements = list(document["Statement"])
    for number, one in _allowing(document):
        statements[number] = {**one, "Action": [a for a in _listed(one["Action"]) if a != action]}
    return {"Statement": statements}


def without_resource(document: Document, name: str, resource: str) -> Document:
    """The policy without one of the resources of a statement, where it has a statement of that name."""
    statements = list(document["Statement"])
    for number, one in _allowing(document):
        if one["Sid"] == name:
            kept = [each for each in _listed(one["Resource"]) if each != resource]
            statements[number] = {**one, "Resource": kept}
    return {"Statement": statements}


def denied(documents: Sequence[Document], steps: Steps) -> Iterator[str]:
    """What these policies do not allow of a life, in its order: step, action and resource."""
    for step, needs in steps.items():
        for action, on in needs.items():
            for resource in on:
                if not allows(documents, action, resource):
                    yield f"{step}: {action} on {resource}"


def _allowing(document: Document) -> list[tuple[int, Document]]:
    """The statements that allow something, each with its number: without a denial no step is denied."""
    return [(n, one) for n, one in enumerate(document["Statement"]) if one["Effect"] == "Allow"]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
