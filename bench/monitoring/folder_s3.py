"""A folder that answers as S3 does where monitoring asks it: no network, and every call counted."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError


class FolderS3:
    """Buckets are folders of `root`, keys the paths in them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.calls: Counter[str] = Counter()

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject, its body read from the file as it is asked for."""
        self.calls["get"] += 1
        path = self._path(request)
        if not path.is_file():
            raise _refusal("NoSuchKey", 404)
        return {"Body": path.open("rb"), "ETag": _etag(path)}

    def put_object(self, **request: Any) -> dict[str, Any]:
        """PutObject, with its conditions."""
        self.calls["put"] += 1
        path = self._path(request)
        there = path.is_file()
        if request.get("IfNoneMatch") == "*" and there:
            raise _refusal("PreconditionFailed", 412)
        if "IfMatch" in request and not (there and request["IfMatch"] == _etag(path)):
            raise _refusal("PreconditionFailed", 412)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(request["Body"])
        return {}

    def upload_file(self, name: str, bucket: str, key: str) -> None:
        """From a file."""
        self.calls["put"] += 1
        path = self._root / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, path)

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """DeleteObject."""
        self.calls["delete"] += 1
        self._path(request).unlink(missing_ok=True)
        return {}

    def get_paginator(self, _operation: str) -> "FolderS3":
        """That of ListObjectsV2."""
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """The keys under a prefix in order, a thousand in each answer; with a delimiter the folders there."""
        bucket = self._root / request["Bucket"]
        if "Delimiter" in request:
            yield self._folders(bucket, request["Prefix"])
            return
        page: list[dict[str, Any]] = []
        for path in _files(bucket / request["Prefix"], bucket, request.get("StartAfter", "")):
            page.append(
                {"Key": str(path.relative_to(bucket)), "Size": path.stat().st_size, "ETag": _etag(path)}
            )
            if len(page) == 1000:
                self.calls["list"] += 1
                yield {"Contents": page}
                page = []
        self.calls["list"] += 1
        yield {"Contents": page}

    def _folders(self, bucket: Path, prefix: str) -> dict[str, Any]:
        self.calls["list"] += 1
        folder = bucket / prefix
        found = sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []
        return {"CommonPrefixes": [{"Prefix": f"{prefix}{name}/"} for name in found]}

    def _path(self, request: dict[str, Any]) -> Path:
        return self._root / request["Bucket"] / request["Key"]


def _files(folder: Path, bucket: Path, after: str) -> Iterator[Path]:
    """The files below a folder in the order of their keys, of those whose key comes after one."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        key = str(path.relative_to(bucket))
        if path.is_dir():
            if f"{key}/" > after or after.startswith(f"{key}/"):
                yield from _files(path, bucket, after)
        elif key > after:
            yield path


def _etag(path: Path) -> str:
    stat = path.stat()
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def _refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")
