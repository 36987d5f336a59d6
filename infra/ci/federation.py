"""The account's trust in GitHub, and the roles that GitHub's jobs get by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.ci import trust


@dataclass(frozen=True)
class FederatedRole:
    """A role as it is made: everything is decided already."""

    key: str
    """What it is called in the program and in the stack's outputs: `promote-prod`."""
    name: str
    description: str
    trusts: str
    """The trust policy."""
    may: str
    """The permissions."""
    session_seconds: int


@dataclass(frozen=True)
class FederationArgs:
    """Arguments of Federation."""

    roles: Sequence[FederatedRole]
    provider_exists: bool
    boundary: str | None
    tags: Mapping[str, str]


class Federation(pulumi.ComponentResource):
    """GitHub's OIDC provider, where the account has none yet, and the roles, whose ARNs are `arns`."""

    def __init__(self, name: str, args: FederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:ci:Federation", name, None, opts)
        if not args.provider_exists:
            aws.iam.OpenIdConnectProvider(
                name,
                url=trust.URL,
                client_id_lists=[trust.AUDIENCE],
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.arns: dict[str, pulumi.Output[str]] = {
            role.key: self._role(role, args.boundary, args.tags) for role in args.roles
        }
        self.register_outputs({})

    def _role(self, role: FederatedRole, boundary: str | None, tags: Mapping[str, str]) -> pulumi.Output[str]:
        made = aws.iam.Role(
            role.key,
            name=role.name,
            description=role.description,
            assume_role_policy=role.trusts,
            max_session_duration=role.session_seconds,
            permissions_boundary=boundary,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.iam.RolePolicy(
            role.key,
            name="job",
            role=made.name,
            policy=role.may,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.arn
