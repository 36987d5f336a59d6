"""Captured records are deleted from S3: from every version of every file that holds one, and what was made
of their hours.

First it is found out what goes, and nothing is deleted. Then a file is written anew without the records, on
condition that it is still the one that was read, and all its other versions are deleted. Doing it again,
after a process died in the middle, comes to the same.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from monitoring.capture.selection import DERIVED, PROOFS, Change, Proof, Selected
from monitoring.hours import place
from release.adapters import objects
from release.domain import names, s3_uri

AT_ONCE = 8


@dataclass(frozen=True)
class _Version:
    """One version of an object, or the mark of its deletion."""

    id: str
    newest: bool
    marker: bool
    etag: str = ""


@dataclass
class Found:
    """What of an endpoint's captures is selected."""

    changes: list[Change]
    hours: set[str]
    """`yyyy/mm/dd/hh` of them."""
    unread: int = 0
    """Lines of which nobody can tell whether they are."""
    searched: int = 0
    """Files."""


class Erasure:
    """One stage's account: `monitoring.ports.Erasure`. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def secret(self) -> bytes:
        """The key of hashes; made where no container has made it."""
        there = objects.read(self._s3, self._bucket, names.CAPTURE_SECRET)
        if there:
            return there[0]
        made = secrets.token_bytes(32)
        put = objects.put(self._s3, self._bucket, names.CAPTURE_SECRET, made, None)
        return made if put else self.secret()

    def find(self, places: Sequence[str], endpoint: str, selected: Selected, day: str = "") -> Found:
        """The files with selected records; of one day (`yyyy/mm/dd`) only its own."""
        found = Found([], set())
        files = [
            (bucket, key, versions)
            for place in places
            for bucket, prefix in [s3_uri.parts(f"{place}/{endpoint}/")]
            for key, versions in self._objects(bucket, prefix)
            if f"/{day}/" in key or not day
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for (_bucket, key, _), (change, unread) in zip(
                files, pool.map(lambda file: self._change(*file, selected), files), strict=True
            ):
                found.searched += 1
                found.unread += unread
                if change is not None:
                    found.changes.append(change)
                    found.hours.add("/".join(key.split("/")[-5:-1]))
        return found

    def derived(self, endpoint: str, hours: Sequence[str]) -> list[Change]:
        """What was made of these hours (or of all hours of a day), by the endpoint's name in the stage."""
        return [
            Change(uri=f"s3://{self._bucket}/{key}", records=0, versions=len(versions))
            for folder in DERIVED
            for hour in hours
            for key, versions in self._objects(self._bucket, f"{place(endpoint)}{folder}/{hour}")
        ]

    def erase(self, change: Change, selected: Selected) -> None:
        """Have a file without the selected records, and no other version of it."""
        bucket, key = s3_uri.parts(change.uri)
        versions = next((found for name, found in self._objects(bucket, key) if name == key), [])
        keep = None
        for newest in [one for one in versions if one.newest and not one.marker]:
            answer = self._s3.get_object(Bucket=bucket, Key=key, VersionId=newest.id)
            body, encryption = answer["Body"].read(), _encryption(answer)
            rest = _without(body, selected)
            keep = newest.id if rest == body else self._written(bucket, key, rest, newest, encryption)
        self._delete(bucket, key, [one for one in versions if one.id != keep])

    def delete(self, change: Change) -> None:
        """Have no version of an object."""
        bucket, key = s3_uri.parts(change.uri)
        versions = next((found for name, found in self._objects(bucket, key) if name == key), [])
        self._delete(bucket, key, versions)

    def proof(self, name: str) -> Proof | None:
        """What was decided to be deleted under this id."""
        found = objects.read(self._s3, self._bucket, f"{PROOFS}{name}.json")
        return Proof.model_validate_json(found[0]) if found else None

    def keep(self, proof: Proof) -> str:
        """Keep it; returns its SHA-256."""
        body = names.canonical_json(proof.model_dump(mode="json"))
        self._s3.put_object(Bucket=self._bucket, Key=f"{PROOFS}{proof.id}.json", Body=body)
        return hashlib.sha256(body).hexdigest()

    def _change(
        self, bucket: str, key: str, versions: Sequence[_Version], selected: Selected
    ) -> tuple[Change | None, int]:
        lines: set[bytes] = set()
        unread, before, after, stays = 0, "", "", False
        for version in versions:
            if version.marker:
                continue
            body = self._body(bucket, key, version)
            for line in filter(bytes.strip, body.splitlines()):
                told = selected(line)
                unread += told is None
                lines |= {line} if told else set()
            if version.newest:
                rest = _without(body, selected)
                before, after = _digest(body), _digest(rest)
                stays = rest == body
        if not lines:
            return None, unread
        going = len(versions) - stays
        uri = f"s3://{bucket}/{key}"
        return Change(uri=uri, before=before, after=after, records=len(lines), versions=going), unread

    def _written(
        self, bucket: str, key: str, rest: bytes, newest: _Version, encryption: Mapping[str, str]
    ) -> str | None:
        if not rest:
            return None
        answer = self._s3.put_object(Bucket=bucket, Key=key, Body=rest, IfMatch=newest.etag, **encryption)
        return answer.get("VersionId", "null")

    def _delete(self, bucket: str, key: str, versions: Sequence[_Version]) -> None:
        for version in versions:
            self._s3.delete_object(Bucket=bucket, Key=key, VersionId=version.id)

    def _body(self, bucket: str, key: str, version: _Version) -> bytes:
        return self._s3.get_object(Bucket=bucket, Key=key, VersionId=version.id)["Body"].read()

    def _objects(self, bucket: str, prefix: str) -> Iterator[tuple[str, list[_Version]]]:
        """All objects below, also those of which only former versions are left, with all their versions."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        found = sorted((one for page in pages for one in _versions(page)), key=lambda one: one[0])
        for key, versions in groupby(found, key=lambda one: one[0]):
            yield key, [version for _, version in versions]


def _versions(page: dict[str, Any]) -> Iterator[tuple[str, _Version]]:
    for item in page.get("Versions", []):
        yield item["Key"], _Version(item["VersionId"], item["IsLatest"], False, item["ETag"])
    for item in page.get("DeleteMarkers", []):
        yield item["Key"], _Version(item["VersionId"], item["IsLatest"], True)


def _encryption(answer: Mapping[str, Any]) -> dict[str, str]:
    """How an object was encrypted, where that was by a key of KMS."""
    if "SSEKMSKeyId" not in answer:
        return {}
    return {name: answer[name] for name in ("ServerSideEncryption", "SSEKMSKeyId")}


def _without(body: bytes, selected: Selected) -> bytes:
    return b"".join(line for line in body.splitlines(keepends=True) if not line.strip() or not selected(line))


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest() if body else ""
