"""What an artifact's checksum is taken from: S3's own record of it, or its bytes."""

import base64
import hashlib
import io
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from release.adapters.artifacts import ArtifactStore

BYTES = b"a model"
SHA256 = hashlib.sha256(BYTES)
RECORDED = base64.b64encode(SHA256.digest()).decode()
URI = "s3://slipway-prod-123456789012-us-east-1/models/x/model.tar.gz"


class Bucket:
    """S3 with at most one object."""

    def __init__(self, checksum: str | None, there: bool = True) -> None:
        self.checksum, self.there, self.read = checksum, there, 0

    def head_object(self, **asked: str) -> dict[str, Any]:
        assert asked["ChecksumMode"] == "ENABLED"
        if not self.there:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"ChecksumSHA256": self.checksum} if self.checksum else {}

    def get_object(self, **_asked: str) -> dict[str, Any]:
        self.read += 1
        return {"Body": io.BytesIO(BYTES)}


@pytest.mark.parametrize(
    ("checksum", "read"),
    [
        pytest.param(RECORDED, 0, id="recorded by S3 at the upload"),
        pytest.param(None, 1, id="uploaded without one"),
        pytest.param(f"{base64.b64encode(bytes(32)).decode()}-3", 1, id="uploaded in parts"),
    ],
)
def test_the_checksum_that_s3_recorded_is_taken_and_other_bytes_are_read(checksum, read):
    bucket = Bucket(checksum)
    assert store(bucket).model_sha256(URI) == SHA256.hexdigest()
    assert bucket.read == read


def test_what_is_not_there_has_none():
    assert store(Bucket(None, there=False)).model_sha256(URI) is None


def store(bucket: Bucket) -> ArtifactStore:
    aws = SimpleNamespace(
        stage="prod", account="123456789012", region="us-east-1", client=lambda service: bucket
    )
    return ArtifactStore(cast(Any, aws))
