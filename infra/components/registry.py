"""The stage's image registry. It holds its own copy of every image that the stage names."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from release.domain import names


@dataclass(frozen=True)
class RegistryArgs:
    """Arguments of Registry."""

    stage: str
    key_arn: pulumi.Input[str]
    untagged_image_days: int
    protect: bool
    tags: Mapping[str, str]


class Registry(pulumi.ComponentResource):
    """An ECR repository whose tags never move, and that lets go only of images without a tag."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:Registry", name, None, opts)
        repository = aws.ecr.Repository(
            name,
            name=names.repository(args.stage),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=args.key_arn)
            ],
            force_delete=not args.protect,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=policies.expire_untagged(args.untagged_image_days),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.url: pulumi.Output[str] = repository.repository_url
        self.register_outputs({"url": self.url})
