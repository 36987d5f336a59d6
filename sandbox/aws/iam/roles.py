"""What an IAM role may do: by its own policies, inline and attached, within its permissions boundary.

Policies are evaluated as those of callers (`shared/policies.py`): a `Condition` is taken to hold.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.iam.models import IAMBackend, ManagedPolicy, Role, iam_backends

from sandbox.aws.shared.policies import Document, allows
from sandbox.core.clock import visible


def find_role(account: str, arn: str) -> Role | None:
    """The role of that ARN, or None where there is none."""
    role = next((role for role in list(_iam(account).roles.values()) if role.arn == arn), None)
    return role if role is not None and visible("iam", role.create_date) else None


def trusts(role: Role, service: str) -> bool:
    """Whether a role's trust policy lets a service (`sagemaker.amazonaws.com`) assume it."""
    policy = _read(role.assume_role_policy_document)
    statements = policy["Statement"]
    listed = [statements] if isinstance(statements, Mapping) else statements
    of_services = [{**one, "Resource": _services(one.get("Principal"))} for one in listed]
    return allows([{"Statement": of_services}], "sts:AssumeRole", service)


def may(role: Role, action: str, resource: str) -> bool:
    """Whether a role's policies allow an action on a resource."""
    bounds = list(_boundary(role))
    return allows(_policies(role), action, resource) and (not bounds or allows(bounds, action, resource))


def documents(role: Role) -> list[Document]:
    """The policies of a role, but for its boundary."""
    return list(_policies(role))


def _policies(role: Role) -> Iterator[Document]:
    yield from map(_read, list(role.policies.values()))
    for policy in list(role.managed_policies.values()):
        yield _default(policy)


def _boundary(role: Role) -> Iterator[Document]:
    """The policy that bounds a role; one that does not exist, which AWS does not take, bounds nothing."""
    policy = _iam(role.account_id).managed_policies.get(role.permissions_boundary_arn or "")
    if policy is not None:
        yield _default(policy)


def _default(policy: ManagedPolicy) -> Document:
    """A managed policy's default version."""
    versions = {version.version_id: version.document for version in policy.versions}
    return _read(versions[policy.default_version_id])


def _services(principal: Any) -> list[str]:
    """The services that a statement's principal names."""
    named = principal.get("Service", []) if isinstance(principal, Mapping) else principal or []
    return [named] if isinstance(named, str) else list(named)


def _read(document: Any) -> Document:
    return json.loads(document) if isinstance(document, str) else document


def _iam(account: str) -> IAMBackend:
    return iam_backends[account]["aws"]
