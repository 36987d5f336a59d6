"""Data versions in a stage's bucket, as DVC keeps them there.

    data/files/md5/<the first two digits>/<the other thirty>

DVC finds a file by its MD5 and, when it pulls, compares that; here the SHA-256 of the release's manifest
decides. Files may be large, so they are never held in memory whole.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.artifacts import CHUNK, ArtifactStore
from release.adapters.aws import MISSING, StageAws, error_code
from release.domain import names
from release.domain.data_version import DamagedData, DataVersion
from release.domain.errors import UsageError


class DataStore:
    """The data versions of one stage's bucket. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws, artifacts: ArtifactStore) -> None:
        self._s3 = aws.client("s3")
        self._artifacts = artifacts
        self._bucket = artifacts.bucket

    def has(self, version: DataVersion) -> bool:
        """Whether the version's bytes are there, undamaged."""
        return self._artifacts.model_sha256(self._uri(version)) == version.sha256

    def put(self, version: DataVersion, file: Path) -> None:
        """Have it hold the bytes of `file`. Raises UsageError when they are not the version's.

        What lies there with other bytes is replaced; the bucket keeps it as an earlier version.
        """
        with file.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
            if found != version.sha256:
                raise UsageError(
                    f"{file} has SHA-256 {found}, the evidence beside it says {version.sha256}.",
                    "It is not the data that the model was trained on, so nothing was stored.",
                    "Train again: ./slipway train",
                )
            source.seek(0)
            checksum: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"}
            # In one piece, so that S3 knows and checks the SHA-256 of the whole; it takes 5 GB so.
            self._s3.put_object(Bucket=self._bucket, Key=names.data_key(version.md5), Body=source, **checksum)

    def fetch(self, version: DataVersion, file: Path) -> bool:
        """Write the version's bytes to `file`; whether there are any. Raises DamagedData for other bytes."""
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=names.data_key(version.md5))["Body"]
        except ClientError as error:
            if error_code(error) in MISSING:
                return False
            raise
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            digest = hashlib.sha256()
            with temporary.open("wb") as target:
                for chunk in iter(lambda: body.read(CHUNK), b""):
                    digest.update(chunk)
                    target.write(chunk)
            if (found := digest.hexdigest()) != version.sha256:
                raise DamagedData(f"{self._uri(version)} has SHA-256 {found} and not {version.sha256}")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _uri(self, version: DataVersion) -> str:
        return f"s3://{self._bucket}/{names.data_key(version.md5)}"
