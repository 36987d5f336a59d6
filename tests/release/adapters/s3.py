"""S3 in memory, as far as the ledger asks for it, with every call counted."""

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

PAGE = 1000
"""Keys in one answer of ListObjectsV2."""


class FakeS3:
    """One bucket. `before_put` is asked before every write: it may write first, or refuse."""

    def __init__(self, bucket: str = "bucket") -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self.before_put: list[Callable[[str, bytes], None]] = []

    def put_object(self, **request: Any) -> dict[str, Any]:
        """PutObject, conditional where it says so."""
        self.calls["put"] += 1
        key, body = request["Key"], request["Body"]
        if self.before_put:
            self.before_put.pop(0)(key, body)
        if request.get("IfNoneMatch") == "*" and key in self.objects:
            raise refusal("PreconditionFailed", 412)
        if "IfMatch" in request and request["IfMatch"] != etag(self.objects.get(key)):
            raise refusal("PreconditionFailed", 412)
        self.objects[key] = body
        return {}

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject."""
        self.calls["get"] += 1
        self._there("NoSuchBucket")
        if request["Key"] not in self.objects:
            raise refusal("NoSuchKey", 404)
        body = self.objects[request["Key"]]
        return {"Body": io.BytesIO(body), "ETag": etag(body)}

    def head_bucket(self, **request: Any) -> dict[str, Any]:
        """HeadBucket."""
        self.calls["head"] += 1
        self._there("404")
        return {}

    def get_paginator(self, operation: str) -> "FakeS3":
        """The one of ListObjectsV2."""
        assert operation == "list_objects_v2"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """ListObjectsV2, page by page."""
        self._there("NoSuchBucket")
        keys = sorted(
            key
            for key in self.objects
            if key.startswith(request["Prefix"]) and key > request.get("StartAfter", "")
        )
        for start in range(0, max(len(keys), 1), PAGE):
            self.calls["list"] += 1
            page = [{"Key": key} for key in keys[start : start + PAGE]]
            yield {"Contents": page} if page else {}

    def _there(self, code: str) -> None:
        if not self.bucket:
            raise refusal(code, 404)


def etag(body: bytes | None) -> str:
    """What S3 names a content by."""
    return hashlib.sha256(body).hexdigest() if body is not None else ""


def refusal(code: str, status: int) -> ClientError:
    """An error as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")
