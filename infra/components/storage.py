"""The stage's artifact bucket: models, releases and the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from release.domain import names

HEARTBEAT_DAYS = 1
"""A rollout writes its heartbeat anew every few seconds: a day later nobody needs earlier versions."""
MONITORING_DAYS = 30
"""Every look writes and deletes objects: so long what was changed or deleted there can be brought back."""


@dataclass(frozen=True)
class StorageArgs:
    """Arguments of Storage."""

    bucket: str
    place: Place
    key_arn: pulumi.Input[str]
    capture_days: int | None
    """For how long captured requests and answers are kept, and their rows; None: for good ..."""
    endpoints: Sequence[str]
    """... of these endpoints."""
    protect: bool
    tags: Mapping[str, str]


class Storage(pulumi.ComponentResource):
    """A bucket that keeps every version, encrypted, private, and reachable over TLS only.

    Only earlier versions of heartbeats and of what monitoring writes expire, and where the stage asks for it
    captured requests and the tables of their rows.

    `ready` is the list of what must exist before the bucket is used.
    """

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:Storage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            bucket=args.bucket,
            force_destroy=not args.protect,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=(
                aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                    sse_algorithm="aws:kms", kms_master_key_id=args.key_arn
                )
            ),
            # One data key per bucket and time instead of one call to KMS per object.
            bucket_key_enabled=True,
        )
        encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            name, bucket=bucket.bucket, rules=[rule], opts=child
        )
        private = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        policy = aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=policies.tls_only(args.place, args.bucket),
            # S3 refuses a policy while it is changing the public access block of the same bucket.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[private]),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                _former("heartbeats", names.HEARTBEATS, HEARTBEAT_DAYS),
                _former("monitoring", names.MONITORING, MONITORING_DAYS),
                _former("findings", names.FINDINGS, MONITORING_DAYS),
                *_captures(args.capture_days, args.endpoints),
            ],
            # S3 knows noncurrent versions only where it keeps versions.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        self.bucket: pulumi.Output[str] = bucket.bucket
        self.ready: list[pulumi.Resource] = [versioning, encryption, private, policy]
        self.register_outputs({"bucket": self.bucket})


def _former(name: str, prefix: str, days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    """What lies there stays; what it was before, or what was deleted there, goes after so many days.

    What is left of a deletion then, its marker, goes too: it only makes listing slower.
    """
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=f"former-{name}",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=days
        ),
    )


def _captures(
    days: int | None, endpoints: Sequence[str]
) -> Iterator[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """Captured requests go after so many days, with the rows that monitoring made of them.

    A stage that does not say how many may have captured for years: there is no rule then. Models, releases
    and the ledger never expire, nor do counts, which hold nobody's request.
    """
    if days is None:
        return
    yield _expiring("captures", f"{names.CAPTURE}/", days)
    for endpoint in endpoints:
        for folder in ("rows", "quarantine"):
            yield _expiring(f"{endpoint}-{folder}", f"{names.MONITORING}{endpoint}/{folder}/", days)


def _expiring(name: str, prefix: str, days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    """What lies there goes after so many days, and a day later the versions of it."""
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=name,
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=1
        ),
    )
