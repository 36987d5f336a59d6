"""Reads and writes objects of moto's S3 directly, without a request."""

from urllib.parse import unquote

from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeKey, s3_backends


def place_of(uri: str) -> tuple[str, str]:
    """The bucket and the key of an `s3://` URI. It is no URL: `#`, `?` and `%` are characters of the key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def lacks_bucket(path: str) -> bool:
    """Whether the bucket that a request's path begins with is not there, in any account."""
    return unquote(path).lstrip("/").partition("/")[0] not in s3_backends.bucket_accounts


def read(account: str, uri: str) -> bytes | None:
    """The newest version of the object at an `s3://` URI, or None when there is none."""
    found = _found(account, uri)
    return None if found is None else found.value


def exists(account: str, uri: str) -> bool:
    """Whether there is an object at an `s3://` URI."""
    return _found(account, uri) is not None


def below(account: str, uri: str) -> list[str]:
    """The URIs of all objects whose keys begin with that of an `s3://` URI, in order; none of no bucket."""
    name, prefix = place_of(uri)
    backend = s3_backends[account]["aws"]
    try:
        bucket = backend.get_bucket(name)
    except S3ClientError:
        return []
    found, *_ = backend.list_objects(bucket, prefix, None, None, None)
    return [f"s3://{name}/{key.name}" for key in found]


def key_of(account: str, uri: str) -> str | None:
    """The KMS key that the object at an `s3://` URI is encrypted with; None where it is none of KMS's."""
    found = _found(account, uri)
    return None if found is None or found.encryption != "aws:kms" else found.kms_key_id


def key_for(account: str, uri: str) -> str | None:
    """The KMS key that a new object at an `s3://` URI is encrypted with, as its bucket says; or None."""
    try:
        encryption = s3_backends[account]["aws"].get_bucket(place_of(uri)[0]).encryption
    except S3ClientError:
        return None
    rule = (encryption or {}).get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
    return rule.get("KMSMasterKeyID") if rule.get("SSEAlgorithm") == "aws:kms" else None


def write(account: str, uri: str, content: bytes, key: str = "") -> None:
    """Put an object at an `s3://` URI, encrypted with a KMS key where one is given.

    Raises moto's error when there is no such bucket.
    """
    bucket, name = place_of(uri)
    encryption = "aws:kms" if key else None
    s3_backends[account]["aws"].put_object(
        bucket, name, content, encryption=encryption, kms_key_id=key or None
    )


def _found(account: str, uri: str) -> FakeKey | None:
    """The newest version of an object as moto holds it."""
    try:
        return s3_backends[account]["aws"].get_object(*place_of(uri))
    except S3ClientError:
        return None
