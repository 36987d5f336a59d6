"""Objects in S3 with all their versions: listed, read, and written anew or deleted in every one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from release.domain import s3_uri

_STAYS = (
    "ServerSideEncryption",
    "SSEKMSKeyId",
    "BucketKeyEnabled",
    "StorageClass",
    "ContentType",
    "ContentEncoding",
    "ContentDisposition",
    "ContentLanguage",
    "CacheControl",
    "Metadata",
)
"""What GetObject tells of an object and PutObject takes: an object that is written anew keeps it."""


@dataclass(frozen=True)
class Version:
    """One version of an object, or the mark of its deletion."""

    id: str
    newest: bool
    marker: bool


@dataclass(frozen=True)
class Versioned:
    """An object, or of one that is gone the versions that are left."""

    bucket: str
    key: str
    versions: Sequence[Version]

    @property
    def uri(self) -> str:
        """Where it lies."""
        return f"s3://{self.bucket}/{self.key}"


class VersionedObjects:
    """What a client of S3 can reach. Methods may raise boto3's errors."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def below(self, bucket: str, prefix: str) -> Iterator[Versioned]:
        """All objects below, also those of which only former versions are left."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        found = sorted((one for page in pages for one in _versions(page)), key=lambda one: one[0])
        for key, versions in groupby(found, key=lambda one: one[0]):
            yield Versioned(bucket, key, [version for _, version in versions])

    def at(self, uri: str) -> Versioned:
        """The object of this URI; without versions where there is none."""
        bucket, key = s3_uri.parts(uri)
        return next((one for one in self.below(bucket, key) if one.key == key), Versioned(bucket, key, ()))

    def bodies(self, of: Versioned) -> Iterator[tuple[Version, dict[str, Any], bytes]]:
        """The content of each version, with what S3 says of it."""
        for version in of.versions:
            if not version.marker:
                told = self._s3.get_object(Bucket=of.bucket, Key=of.key, VersionId=version.id)
                yield version, told, told["Body"].read()

    def rewrite(self, of: Versioned, before: dict[str, Any], body: bytes) -> str:
        """Write an object anew, encrypted, described and tagged as it was; the id of this version.

        It is refused where the object is no longer the one of which S3 said `before`.
        """
        same = {name: before[name] for name in _STAYS if before.get(name)}
        if before.get("TagCount"):
            which = {"VersionId": before["VersionId"]} if before.get("VersionId") else {}
            told = self._s3.get_object_tagging(Bucket=of.bucket, Key=of.key, **which)
            same["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in told["TagSet"]})
        answer = self._s3.put_object(Bucket=of.bucket, Key=of.key, Body=body, IfMatch=before["ETag"], **same)
        version: str = answer.get("VersionId", "null")
        return version

    def delete(self, of: Versioned, keep: str | None = None) -> None:
        """Have no version of an object but this one."""
        for version in of.versions:
            if version.id != keep:
                self._s3.delete_object(Bucket=of.bucket, Key=of.key, VersionId=version.id)


def _versions(page: dict[str, Any]) -> Iterator[tuple[str, Version]]:
    for item in page.get("Versions", []):
        yield item["Key"], Version(item["VersionId"], item["IsLatest"], False)
    for item in page.get("DeleteMarkers", []):
        yield item["Key"], Version(item["VersionId"], item["IsLatest"], True)
