"""S3: the bucket, and those of its settings that are resources of their own, with the bucket's name as id."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, find, tag_map
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
            "tagsAll": tag_map(tags["TagSet"]),
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
    """A setting of a bucket: one call each puts, gets and deletes it. The delete puts AWS's default back."""

    identity = ("bucket",)
    computed = ()
    setting: ClassVar[str]
    """What botocore calls it: `bucket_policy` stands for `put_bucket_policy`, `get_…` and `delete_…`."""
    missing: ClassVar[tuple[str, ...]] = ()
    """The error codes that say that the bucket has no such setting."""

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """Return the parameters of the put call, but for the bucket: it writes the whole setting."""
        raise NotImplementedError

    def state(self, found: Any) -> Properties | None:
        """Return the setting, without the bucket's name, that the get call's answer means."""
        raise NotImplementedError

    def create(self, aws: Aws, inputs: Properties) -> str:
        bucket = str(inputs["bucket"])
        self._put(aws, self.doing("creating", bucket), bucket, inputs)
        return bucket

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        get = getattr(_client(aws, known), f"get_{self.setting}")
        missing = (*_NO_BUCKET, *self.missing)
        found = find(self.doing("reading", identifier), missing, get, Bucket=identifier)
        state = None if found is None else self.state(found)
        return None if state is None else {"bucket": identifier, **state}

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        self._put(aws, self.doing("updating", identifier), identifier, update.inputs)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = getattr(_client(aws, state), f"delete_{self.setting}")
        missing = (*_NO_BUCKET, *self.missing)
        find(self.doing("deleting", identifier), missing, delete, Bucket=identifier)

    def _put(self, aws: Aws, doing: str, bucket: str, inputs: Properties) -> None:
        put = getattr(_client(aws, inputs), f"put_{self.setting}")
        attempt(doing, put, Bucket=bucket, **self.parameters(inputs))


class BucketVersioning(_BucketSetting):
    """Keeps every version of an object."""

    token = "aws:s3/bucketVersioning:BucketVersioning"  # noqa: S105
    label = "S3 Bucket Versioning"
    setting = "bucket_versioning"
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "versioningConfiguration": Property(required=True),
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        return {"VersioningConfiguration": to_aws(inputs["versioningConfiguration"])}

    def state(self, found: Any) -> Properties | None:
        return {"versioningConfiguration": {"status": found["Status"]}} if "Status" in found else None

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        # A bucket that had versions can only be suspended.
        suspended = {"VersioningConfiguration": {"Status": "Suspended"}}
        put = _client(aws, state).put_bucket_versioning
        find(self.doing("deleting", identifier), _NO_BUCKET, put, Bucket=identifier, **suspended)


class BucketServerSideEncryptionConfiguration(_BucketSetting):
    """How new objects are encrypted."""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"  # noqa: S105
    label = "S3 Bucket Server-side Encryption Configuration"
    setting = "bucket_encryption"
    missing = ("ServerSideEncryptionConfigurationNotFoundError",)
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "rules": Property(required=True),
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        return {"ServerSideEncryptionConfiguration": {"Rules": to_aws(inputs["rules"])}}

    def state(self, found: Any) -> Properties:
        return {"rules": from_aws(found["ServerSideEncryptionConfiguration"]["Rules"])}


class BucketPublicAccessBlock(_BucketSetting):
    """Keeps a bucket private, whatever its policy says."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"  # noqa: S105
    label = "S3 Bucket Public Access Block"
    setting = "public_access_block"
    missing = ("NoSuchPublicAccessBlockConfiguration",)
    _FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        **{flag: Property() for flag in _FLAGS},
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        flags: Value = {flag: bool(inputs.get(flag)) for flag in self._FLAGS}
        return {"PublicAccessBlockConfiguration": to_aws(flags)}

    def state(self, found: Any) -> Properties | None:
        flags = from_aws(found["PublicAccessBlockConfiguration"])
        return flags if isinstance(flags, dict) else None


class BucketLifecycleConfiguration(_BucketSetting):
    """What of a bucket expires."""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"  # noqa: S105
    label = "S3 Bucket Lifecycle Configuration"
    setting = "bucket_lifecycle_configuration"
    missing = ("NoSuchLifecycleConfiguration",)
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "rules": Property(required=True),
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        rules: Any = to_aws(inputs["rules"])
        named = [{"ID" if key == "Id" else key: one for key, one in rule.items()} for rule in rules]
        return {"LifecycleConfiguration": {"Rules": named}}

    def state(self, found: Any) -> Properties:
        named = [{"id" if key == "ID" else key: one for key, one in rule.items()} for rule in found["Rules"]]
        return {"rules": [from_aws(rule) for rule in named]}

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = _client(aws, state).delete_bucket_lifecycle
        find(self.doing("deleting", identifier), (*_NO_BUCKET, *self.missing), delete, Bucket=identifier)


class BucketPolicy(_BucketSetting):
    """Who may do what with a bucket."""

    token = "aws:s3/bucketPolicy:BucketPolicy"  # noqa: S105
    label = "S3 Bucket Policy"
    setting = "bucket_policy"
    missing = ("NoSuchBucketPolicy",)
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "policy": Property(required=True, normal=json_document),
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        return {"Policy": inputs["policy"]}

    def state(self, found: Any) -> Properties:
        return {"policy": found["Policy"]}


class BucketOwnershipControls(_BucketSetting):
    """Who owns the objects that others upload."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"  # noqa: S105
    label = "S3 Bucket Ownership Controls"
    setting = "bucket_ownership_controls"
    missing = ("OwnershipControlsNotFoundError",)
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": _BUCKET,
        "rule": Property(required=True),
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [to_aws(inputs["rule"])]}}

    def state(self, found: Any) -> Properties:
        return {"rule": from_aws(found["OwnershipControls"]["Rules"][0])}


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
    BucketLifecycleConfiguration(),
    BucketPolicy(),
    BucketOwnershipControls(),
)
