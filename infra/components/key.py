"""The stage's encryption key: for the bucket, the registry and the alarm topic."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from release.domain import names

_PROTECTED_DELETION_DAYS = 30
_DELETION_DAYS = 7
"""KMS's bounds for the time in which a deletion can be taken back."""


@dataclass(frozen=True)
class EncryptionKeyArgs:
    """Arguments of EncryptionKey."""

    stage: str
    place: Place
    protect: bool
    tags: Mapping[str, str]


class EncryptionKey(pulumi.ComponentResource):
    """A key that rotates by itself, with an alias."""

    def __init__(
        self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:components:EncryptionKey", name, None, opts)
        key = aws.kms.Key(
            name,
            description=f"Models, images and alarms of {names.PROJECT} in {args.stage}",
            policy=policies.key(args.place),
            enable_key_rotation=True,
            deletion_window_in_days=_PROTECTED_DELETION_DAYS if args.protect else _DELETION_DAYS,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.kms.Alias(
            name,
            name=names.key_alias(args.stage),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn: pulumi.Output[str] = key.arn
        self.register_outputs({"arn": self.arn})
