"""A release's files in a stage's bucket, addressed by content.

    models/<sha256>/model.tar.gz     releases/<id>/manifest.json     releases/<id>/golden.json

Bytes are hashed on the way in and on the way out; an object that is there already is checked, not replaced.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import MISSING, StageAws, bucket_exists, error_code
from release.domain import manifest as manifests
from release.domain import names, s3_uri
from release.domain.errors import ServiceError, UsageError
from release.domain.golden import Golden
from release.domain.manifest import Manifest
from release.ports import Artifacts

CHUNK = 1 << 20


class ArtifactStore:
    """The artifact bucket of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._s3 = aws.client("s3")
        self._account = aws.account
        self.bucket = names.bucket(aws.stage, aws.account, aws.region)

    def exists(self) -> bool:
        """Whether the bucket is there."""
        return bucket_exists(self._s3, self.bucket)

    def model_uri(self, sha256: str) -> str:
        """Where the artifact with this checksum lies, or would."""
        return f"s3://{self.bucket}/{names.model_key(sha256)}"

    def model_sha256(self, uri: str) -> str | None:
        """SHA-256 of the bytes at `uri`; None when there is no such object.

        S3 knows it of what was uploaded with it, and has checked it then. Of all else the bytes are read.
        """
        bucket, key = s3_uri.parts(uri)
        try:
            head = self._s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            known = head.get("ChecksumSHA256", "")
            if known and "-" not in known:  # of an upload in parts it is the checksum of their checksums
                return base64.b64decode(known).hex()
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            if error_code(error) in MISSING:
                return None
            raise
        digest = hashlib.sha256()
        for chunk in iter(lambda: body.read(CHUNK), b""):
            digest.update(chunk)
        return digest.hexdigest()

    def put_model(self, sha256: str, archive: Path) -> None:
        """Store the artifact. Raises UsageError when its bytes do not have the checksum."""
        if self.model_sha256(self.model_uri(sha256)) == sha256:
            return
        content = archive.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise UsageError(
                f"The model artifact has SHA-256 {found}, its evidence says {sha256}.",
                "It is not what was evaluated, so nothing was stored.",
                "Train again: ./slipway train",
            )
        self._put(names.model_key(sha256), content)

    def read_model(self, uri: str) -> bytes:
        """The bytes of the artifact at `uri`."""
        bucket, key = s3_uri.parts(uri)
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def copy_model(self, source: Artifacts, uri: str, sha256: str) -> None:
        """Bring the artifact at `uri` of another stage here, through this machine, and check what arrived."""
        if self.model_sha256(self.model_uri(sha256)) == sha256:
            return
        body = source.read_model(uri)
        found = hashlib.sha256(body).hexdigest()
        if found != sha256:
            raise UsageError(
                f"{uri} has SHA-256 {found}, its manifest says {sha256}.",
                "These are not the bytes that were proven, so nothing was copied.",
                "Release the model again (./slipway release) and promote that.",
            )
        self._put(names.model_key(sha256), body)

    def restore_model(self, uri: str, sha256: str) -> bool:
        """Bring back the version of the object at `uri` that has the checksum; whether there is one."""
        bucket, key = s3_uri.parts(uri)
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        for found in (found for page in pages for found in page.get("Versions", [])):
            body = self._s3.get_object(Bucket=bucket, Key=key, VersionId=found["VersionId"])["Body"].read()
            if hashlib.sha256(body).hexdigest() == sha256:
                self._put(key, body)
                return True
        return False

    def put_release(self, manifest: Manifest, golden: bytes) -> None:
        """Store the manifest and the golden requests of a release."""
        self._put(_release_key(manifest.id, "golden.json"), golden)
        self._put(_release_key(manifest.id, "manifest.json"), manifest.to_bytes())

    def manifest(self, release: str) -> Manifest:
        """The stored manifest. Raises UsageError when it is missing or was changed."""
        return manifests.from_bytes(self._get(release, "manifest.json"), release)

    def golden(self, manifest: Manifest) -> tuple[Golden, bytes]:
        """The golden requests of a release and their bytes. Raises UsageError when they were changed."""
        data = self._get(manifest.id, "golden.json")
        found = hashlib.sha256(data).hexdigest()
        if found != manifest.golden_sha256:
            raise UsageError(
                f"The golden requests of release {manifest.id} were changed after its release.",
                "A smoke test with them would prove nothing, so nothing was changed.",
                "Release the model again (./slipway release) and promote that.",
            )
        return Golden.model_validate_json(data), data

    def _get(self, release: str, name: str) -> bytes:
        try:
            return self._s3.get_object(Bucket=self.bucket, Key=_release_key(release, name))["Body"].read()
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
        raise UsageError(
            f"Release {release} has no {name} in {self.bucket}.",
            "A release without its evidence cannot be verified, so nothing was changed.",
            "Release it again (./slipway release), or promote it here from the stage before.",
        )

    def _put(self, key: str, body: bytes) -> None:
        checksum: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"}
        answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, **checksum)
        if answer["ResponseMetadata"]["HTTPStatusCode"] != 200:
            raise ServiceError(f"S3 did not store {key} in {self.bucket}.", "", "Run the same command again.")


def _release_key(release: str, name: str) -> str:
    return f"releases/{release}/{name}"
