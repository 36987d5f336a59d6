"""S3: the bucket, and those of its settings that are resources of their own, with the bucket's name as id."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, find
from sandbox.pulumi.provider.properties import Default, Property, json_document
from sandbox.pulumi.provider.resource import TAGS, Resource, Update
from sandbox.pulumi.provider.shapes import from_aws, to_aws
from sandbox.pulumi.provider.values import Properties, Value

_BUCKET = Property(required=True, replaces=True)
_NO_BUCKET = ("NoSuchBucket", "404")
_DELETE_AT_ONCE = 1000
"""S3's limit of keys in one DeleteObjects call."""


class Bucket(Resource):
    """A bucket. Versioning, encryption and policies are resources of their own."""

    token = "aws:s3/bucket:Bucket"  # noqa: S105
    label = "S3 Bucket"
    identity = ("bucket",)
    computed = ("arn", "bucketDomainName", "bucketRegionalDomainName")
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "forceDestroy": Property(local=True),
        "objectLockEnabled": Property(replaces=True, default=Default.COMPUTED),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["bucket"])
        s3 = _client(aws, inputs)
        parameters: dict[str, Any] = {"Bucket": name}
        if s3.meta.region_name != "us-east-1":
            # us-east-1 is the one region that must not be named.
            parameters["CreateBucketConfiguration"] = {"LocationConstraint": s3.meta.region_name}
        if inputs.get("objectLockEnabled"):
            parameters["ObjectLockEnabledForBucket"] = True
        attempt(f"creating S3 Bucket ({name})", s3.create_bucket, **parameters)
        return name

    def finish(self, aws: Aws, identifier: str, inputs: Properties, timeout: float) -> None:
        self._tag(aws, identifier, inputs, aws.all_tags(inputs.get("tags")))

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        s3 = _client(aws, known)
        doing = f"reading S3 Bucket ({identifier})"
        if find(doing, _NO_BUCKET, s3.head_bucket, Bucket=identifier) is None:
            return None
        tags = find(doing, ("NoSuchTagSet",), s3.get_bucket_tagging, Bucket=identifier) or {"TagSet": []}
        return {
            "bucket": identifier,
            "arn": f"arn:aws:s3:::{identifier}",
            "bucketDomainName": f"{identifier}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{identifier}.s3.{s3.meta.region_name}.amazonaws.com",
            "tagsAll": {tag["Key"]: tag["Value"] for tag in tags["TagSet"]},
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        if "tags" in update.changed:
            self._tag(aws, identifier, update.inputs, update.new_tags)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        s3 = _client(aws, state)
        if state.get("forceDestroy"):
            _empty(s3, identifier)
        find(f"deleting S3 Bucket ({identifier})", _NO_BUCKET, s3.delete_bucket, Bucket=identifier)

    def _tag(self, aws: Aws, name: str, inputs: Properties, tags: Mapping[str, str]) -> None:
        s3 = _client(aws, inputs)
        doing = f"tagging S3 Bucket ({name})"
        if tags:
            tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
            attempt(doing, s3.put_bucket_tagging, Bucket=name, Tagging={"TagSet": tag_set})
        else:
            attempt(doing, s3.delete_bucket_tagging, Bucket=name)


class _BucketSetting(Resource):
    """A setting of a bucket: one put, one get, and a delete that puts AWS's default back."""

    identity = ("bucket",)
    computed = ()
    missing: ClassVar[tuple[str, ...]]
    """The error code that says that the bucket has no such setting."""

    def put(self, s3: Any, doing: str, bucket: str, inputs: Properties) -> None:
        """Write the whole setting."""
        raise NotImplementedError

    def get(self, s3: Any, doing: str, bucket: str) -> Properties | None:
        """Return the setting without the bucket's name, or None."""
        raise NotImplementedError

    def remove(self, s3: Any, doing: str, bucket: str) -> None:
        """Remove the setting."""
        raise NotImplementedError

    def create(self, aws: Aws, inputs: Properties) -> str:
        bucket = str(inputs["bucket"])
        self.put(_client(aws, inputs), f"creating {self.label} ({bucket})", bucket, inputs)
        return bucket

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        found = self.get(_client(aws, known), f"reading {self.label} ({identifier})", identifier)
        return None if found is None else {"bucket": identifier, **found}

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        client = _client(aws, update.inputs)
        self.put(client, f"updating {self.label} ({identifier})", identifier, update.inputs)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        self.remove(_client(aws, state), f"deleting {self.label} ({identifier})", identifier)


class BucketVersioning(_BucketSetting):
    """Keeps every version of an object."""

    token = "aws:s3/bucketVersioning:BucketVersioning"  # noqa: S105
    label = "S3 Bucket Versioning"
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "versioningConfiguration": Property(required=True),
    }

    def put(self, s3: Any, doing: str, bucket: str, inputs: Properties) -> None:
        configuration = to_aws(inputs["versioningConfiguration"])
        attempt(doing, s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=configuration)

    def get(self, s3: Any, doing: str, bucket: str) -> Properties | None:
        found = find(doing, _NO_BUCKET, s3.get_bucket_versioning, Bucket=bucket)
        if found is None or "Status" not in found:
            return None
        return {"versioningConfiguration": {"status": found["Status"]}}

    def remove(self, s3: Any, doing: str, bucket: str) -> None:
        # A bucket that had versions can only be suspended.
        find(
            doing,
            _NO_BUCKET,
            s3.put_bucket_versioning,
            Bucket=bucket,
            VersioningConfiguration={"Status": "Suspended"},
        )


class BucketServerSideEncryptionConfiguration(_BucketSetting):
    """How new objects are encrypted."""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"  # noqa: S105
    label = "S3 Bucket Server-side Encryption Configuration"
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "rules": Property(required=True),
    }

    def put(self, s3: Any, doing: str, bucket: str, inputs: Properties) -> None:
        rules = to_aws(inputs["rules"])
        attempt(
            doing,
            s3.put_bucket_encryption,
            Bucket=bucket,
            ServerSideEncryptionConfiguration={"Rules": rules},
        )

    def get(self, s3: Any, doing: str, bucket: str) -> Properties | None:
        missing = (*_NO_BUCKET, "ServerSideEncryptionConfigurationNotFoundError")
        found = find(doing, missing, s3.get_bucket_encryption, Bucket=bucket)
        return (
            None
            if found is None
            else {"rules": from_aws(found["ServerSideEncryptionConfiguration"]["Rules"])}
        )

    def remove(self, s3: Any, doing: str, bucket: str) -> None:
        find(doing, _NO_BUCKET, s3.delete_bucket_encryption, Bucket=bucket)


class BucketPublicAccessBlock(_BucketSetting):
    """Keeps a bucket private, whatever its policy says."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"  # noqa: S105
    label = "S3 Bucket Public Access Block"
    _FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        **{flag: Property() for flag in _FLAGS},
    }

    def put(self, s3: Any, doing: str, bucket: str, inputs: Properties) -> None:
        flags: Value = {flag: bool(inputs.get(flag)) for flag in self._FLAGS}
        attempt(
            doing,
            s3.put_public_access_block,
            Bucket=bucket,
            PublicAccessBlockConfiguration=to_aws(flags),
        )

    def get(self, s3: Any, doing: str, bucket: str) -> Properties | None:
        missing = (*_NO_BUCKET, "NoSuchPublicAccessBlockConfiguration")
        found = find(doing, missing, s3.get_public_access_block, Bucket=bucket)
        flags = from_aws(found["PublicAccessBlockConfiguration"]) if found else None
        return flags if isinstance(flags, dict) else None

    def remove(self, s3: Any, doing: str, bucket: str) -> None:
        find(doing, _NO_BUCKET, s3.delete_public_access_block, Bucket=bucket)


class BucketPolicy(_BucketSetting):
    """Who may do what with a bucket."""

    token = "aws:s3/bucketPolicy:BucketPolicy"  # noqa: S105
    label = "S3 Bucket Policy"
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "policy": Property(required=True, normal=json_document),
    }

    def put(self, s3: Any, doing: str, bucket: str, inputs: Properties) -> None:
        attempt(doing, s3.put_bucket_policy, Bucket=bucket, Policy=inputs["policy"])

    def get(self, s3: Any, doing: str, bucket: str) -> Properties | None:
        found = find(doing, (*_NO_BUCKET, "NoSuchBucketPolicy"), s3.get_bucket_policy, Bucket=bucket)
        return None if found is None else {"policy": found["Policy"]}

    def remove(self, s3: Any, doing: str, bucket: str) -> None:
        find(doing, _NO_BUCKET, s3.delete_bucket_policy, Bucket=bucket)


class BucketOwnershipControls(_BucketSetting):
    """Who owns the objects that others upload."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"  # noqa: S105
    label = "S3 Bucket Ownership Controls"
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "rule": Property(required=True),
    }

    def put(self, s3: Any, doing: str, bucket: str, inputs: Properties) -> None:
        rules = [to_aws(inputs["rule"])]
        attempt(doing, s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls={"Rules": rules})

    def get(self, s3: Any, doing: str, bucket: str) -> Properties | None:
        missing = (*_NO_BUCKET, "OwnershipControlsNotFoundError")
        found = find(doing, missing, s3.get_bucket_ownership_controls, Bucket=bucket)
        return None if found is None else {"rule": from_aws(found["OwnershipControls"]["Rules"][0])}

    def remove(self, s3: Any, doing: str, bucket: str) -> None:
        missing = (*_NO_BUCKET, "OwnershipControlsNotFoundError")
        find(doing, missing, s3.delete_bucket_ownership_controls, Bucket=bucket)


def _client(aws: Aws, properties: Properties) -> Any:
    region = properties.get("region")
    return aws.client("s3", str(region) if region else None)


def _empty(s3: Any, bucket: str) -> None:
    doing = f"emptying S3 Bucket ({bucket})"
    while True:
        page = find(doing, _NO_BUCKET, s3.list_object_versions, Bucket=bucket, MaxKeys=_DELETE_AT_ONCE) or {}
        objects = [
            {"Key": item["Key"], "VersionId": item["VersionId"]}
            for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if not objects:
            return
        answer = attempt(doing, s3.delete_objects, Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        for error in answer.get("Errors", ()):
            raise ProviderError(f"{doing}: {error['Code']}: {error['Message']} ({error['Key']})")


RESOURCES: tuple[Resource, ...] = (
    Bucket(),
    BucketVersioning(),
    BucketServerSideEncryptionConfiguration(),
    BucketPublicAccessBlock(),
    BucketPolicy(),
    BucketOwnershipControls(),
)
