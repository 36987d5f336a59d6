"""S3 in memory, as far as the ledger asks for it, with every call counted."""

import copy
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.hooks import HierarchicalEmitter

PAGE = 1000
"""Keys in one answer of ListObjectsV2."""


class FakeS3:
    """One bucket. `before_put` is asked before every write: it may write first, or refuse."""

    def __init__(self, bucket: str = "bucket") -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.versions: dict[str, list[bytes | None]] = {}
        """All versions of the objects that were written by a request, oldest first."""
        self.calls: Counter[str] = Counter()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        """S3's own."""
        self.modified: dict[str, datetime] = {}
        """When objects were written; those of a test's own making are as old as they are read."""
        self.before_put: list[Callable[[str, bytes], None]] = []
        self.meta = SimpleNamespace(events=HierarchicalEmitter())

    def another(self) -> "FakeS3":
        """Another client of the same bucket, as another process has."""
        other = copy.copy(self)
        other.meta = SimpleNamespace(events=HierarchicalEmitter())
        return other

    def put_object(self, **request: Any) -> dict[str, Any]:
        """PutObject, conditional where it says so."""
        self.meta.events.emit("before-send.s3.PutObject", request=SimpleNamespace(method="PUT"))
        self.calls["put"] += 1
        key, body = request["Key"], request["Body"]
        if self.before_put:
            self.before_put.pop(0)(key, body)
        if request.get("IfNoneMatch") == "*" and key in self.objects:
            raise refusal("PreconditionFailed", 412)
        if "IfMatch" in request and key not in self.objects:
            raise refusal("NoSuchKey", 404)
        if "IfMatch" in request and request["IfMatch"] != etag(self.objects[key]):
            raise refusal("PreconditionFailed", 412)
        self.write(key, body)
        return {}

    def write(self, key: str, body: bytes | None) -> None:
        """Put a new version of an object there, or (None) a marker that it is deleted."""
        before: list[bytes | None] = [self.objects[key]] if key in self.objects else []
        self.versions.setdefault(key, before).append(body)
        if body is None:
            self.objects.pop(key, None)
        else:
            self.objects[key] = body
            self.modified[key] = self.clock()

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject."""
        self.calls["get"] += 1
        self._there("NoSuchBucket")
        if request["Key"] not in self.objects and "VersionId" not in request:
            raise refusal("NoSuchKey", 404)
        body = self._body(**request)
        now = self.clock()
        return {
            "Body": io.BytesIO(body),
            "ETag": etag(body),
            "LastModified": self.modified.get(request["Key"], now).replace(microsecond=0),
            "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(now, usegmt=True)}},
        }

    def delete_object(self, **request: Any) -> None:
        """DeleteObject."""
        self.calls["delete"] += 1
        self.write(request["Key"], None)

    def head_bucket(self, **request: Any) -> dict[str, Any]:
        """HeadBucket."""
        self.calls["head"] += 1
        self._there("404")
        return {}

    def get_paginator(self, operation: str) -> "FakeS3 | FakeVersions":
        """The ones of ListObjectsV2 and ListObjectVersions."""
        return FakeVersions(self) if operation == "list_object_versions" else self

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
            page = [self._item(key) for key in keys[start : start + PAGE]]
            yield {"Contents": page} if page else {}

    def _item(self, key: str) -> dict[str, Any]:
        modified = self.modified.get(key, self.clock())
        body = self.objects[key]
        return {"Key": key, "Size": len(body), "LastModified": modified, "ETag": f'"{etag(body)}"'}

    def _body(self, **request: Any) -> bytes:
        key = request["Key"]
        if request.get("VersionId", "null") == "null":
            return self.objects[key]
        body = self.versions[key][int(request["VersionId"])]
        assert body is not None, "a marker has no content"
        return body

    def _there(self, code: str) -> None:
        if not self.bucket:
            raise refusal(code, 404)


class FakeVersions:
    """ListObjectVersions of a bucket, one key a page."""

    def __init__(self, s3: FakeS3) -> None:
        self._s3 = s3

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """The newest version of a key first."""
        for key in sorted({*self._s3.objects, *self._s3.versions}):
            if not key.startswith(request["Prefix"]):
                continue
            versions = self._s3.versions.get(key)
            if versions is None:
                yield {"Versions": [{"Key": key, "VersionId": "null", "IsLatest": True}]}
                continue
            last = len(versions) - 1
            listed = [
                ({"Key": key, "VersionId": str(number), "IsLatest": number == last}, body)
                for number, body in reversed(list(enumerate(versions)))
            ]
            yield {
                "Versions": [found for found, body in listed if body is not None],
                "DeleteMarkers": [found for found, body in listed if body is None],
            }


def etag(body: bytes | None) -> str:
    """What S3 names a content by."""
    return hashlib.sha256(body).hexdigest() if body is not None else ""


def refusal(code: str, status: int) -> ClientError:
    """An error as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")
