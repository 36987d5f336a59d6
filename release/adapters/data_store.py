"""Data versions in a stage's bucket, as DVC keeps them there.

    data/files/md5/<the first two digits>/<the other thirty>

DVC finds a file by its MD5 and, when it pulls, compares that; here the SHA-256 of the release's manifest
decides. Files may be large, so they are never held in memory whole.
"""

import hashlib
import os
from pathlib import Path

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

    def put(self, version: DataVersion, file: Path) -> bool:
        """Have it hold the bytes of `file`; whether it lacked them. Raises UsageError for other bytes.

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
        key = names.data_key(version.md5)
        if self._artifacts.model_sha256(f"s3://{self._bucket}/{key}") == version.sha256:
            return False
        # Not checked by S3 itself where it goes up in parts; `fetch` compares what it gets in any case.
        extra = {"ChecksumAlgorithm": "SHA256"}
        self._s3.upload_file(os.fspath(file), self._bucket, key, ExtraArgs=extra)
        return True

    def fetch(self, version: DataVersion, file: Path) -> bool:
        """Write the version's bytes to `file`; whether there are any. Raises DamagedData for other bytes."""
        key = names.data_key(version.md5)
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
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
                raise DamagedData(f"s3://{self._bucket}/{key} has SHA-256 {found} and not {version.sha256}")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
        return True
