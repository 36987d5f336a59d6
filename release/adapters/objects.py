"""Objects in S3, listed, read and written on condition: what stores of one kind and another have in common.

What a bucket refuses, or that there is none, is boto3's error; only a key that is not there is an answer.
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import MISSING, error_code

_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
"""The last one where an object is gone that was to have an ETag."""


def listed(s3: Any, bucket: str, prefix: str, after: str = "") -> Iterator[dict[str, Any]]:
    """What ListObjectsV2 says of each object below a prefix, in the order of keys; those after `after`."""
    start = {"StartAfter": after} if after else {}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **start)
    return (item for page in pages for item in page.get("Contents", ()))


def folders(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    """The prefixes right below a prefix that ends with a slash, themselves ending with one, in order."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return (item["Prefix"] for page in pages for item in page.get("CommonPrefixes", ()))


def read(s3: Any, bucket: str, key: str) -> tuple[bytes, str] | None:
    """An object's bytes and its ETag; None where there is none with this key."""
    answer = _answer(s3, bucket, key)
    return (answer["Body"].read(), answer["ETag"]) if answer else None


def chunks(s3: Any, bucket: str, key: str, size: int) -> Iterator[bytes] | None:
    """An object's bytes, so many at a time; None where there is none with this key."""
    answer = _answer(s3, bucket, key)
    return iter(lambda: answer["Body"].read(size), b"") if answer else None


def _answer(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    try:
        return s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in MISSING - {"NoSuchBucket"}:
            return None
        raise


def put(s3: Any, bucket: str, key: str, body: bytes, tag: str | None) -> bool:
    """Write an object where it still has this ETag (None: where there is none); whether it was written."""
    condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, **condition)
    except ClientError as error:
        if error_code(error) in _OVERTAKEN:
            return False
        raise
    return True
