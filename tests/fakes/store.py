"""A bucket and an image registry in memory."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release.domain.data_version import DamagedData, DataVersion
from release.domain.errors import UsageError
from release.domain.golden import Golden, GoldenRequest
from release.domain.manifest import Manifest
from release.ports import Artifacts

GOLDEN = Golden(
    tolerance=1e-5, requests=(GoldenRequest(content_type="application/json", body="{}", scores=(0.5,)),)
)


@dataclass
class FakeArtifacts:
    """A stage's bucket. Every release has the same golden requests; by default one, for a score of .5."""

    bucket: str = "bucket"
    models: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    versions: dict[str, bytes] = field(default_factory=dict)
    """Earlier versions of models that were deleted or changed."""
    there: bool = True
    requests: Golden = GOLDEN

    def exists(self) -> bool:
        """As set."""
        return self.there

    def model_uri(self, sha256: str) -> str:
        """By checksum."""
        return f"s3://{self.bucket}/models/{sha256}/model.tar.gz"

    def model_sha256(self, uri: str) -> str | None:
        """Of the bytes."""
        body = self.models.get(uri)
        return hashlib.sha256(body).hexdigest() if body is not None else None

    def read_model(self, uri: str) -> bytes:
        """The bytes."""
        return self.models[uri]

    def put_model(self, sha256: str, archive: Path) -> None:
        """From a file."""
        self.models[self.model_uri(sha256)] = archive.read_bytes()

    def copy_model(self, source: Artifacts, uri: str, sha256: str) -> None:
        """From another stage."""
        self.models[self.model_uri(sha256)] = source.read_model(uri)

    def restore_model(self, uri: str, sha256: str) -> bool:
        """From the versions that were kept."""
        body = self.versions.get(uri, b"")
        if hashlib.sha256(body).hexdigest() != sha256:
            return False
        self.models[uri] = body
        return True

    def put_release(self, manifest: Manifest, golden: bytes) -> None:
        """Store it."""
        self.manifests[manifest.id] = manifest

    def manifest(self, release: str) -> Manifest:
        """What was stored; a release that was only pinned has an empty one."""
        if release in self.manifests:
            return self.manifests[release]
        raise UsageError(f"Release {release} has no manifest.json in {self.bucket}.")

    def golden(self, manifest: Manifest) -> tuple[Golden, bytes]:
        """As set."""
        return self.requests, b"{}"


@dataclass
class FakeDataStore:
    """The data versions in a bucket, by their MD5."""

    files: dict[str, bytes] = field(default_factory=dict)

    def has(self, version: DataVersion) -> bool:
        """By the bytes."""
        return hashlib.sha256(self.files.get(version.md5, b"")).hexdigest() == version.sha256

    def put(self, version: DataVersion, file: Path) -> None:
        """From a file."""
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != version.sha256:
            raise UsageError(f"{file} is other data")
        self.files[version.md5] = content

    def fetch(self, version: DataVersion, file: Path) -> bool:
        """Into a file."""
        content = self.files.get(version.md5)
        if content is None:
            return False
        if hashlib.sha256(content).hexdigest() != version.sha256:
            raise DamagedData(f"{version.md5} has other bytes")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return True


@dataclass
class FakeRegistry:
    """A stage's registry."""

    images: set[str] = field(default_factory=set)
    address: str | None = "registry/slipway"

    def uri(self) -> str | None:
        """As set."""
        return self.address

    def has(self, digest: str) -> bool:
        """Whether it is there."""
        return digest in self.images

    def login(self) -> dict[str, Any]:
        """None is needed."""
        return {}

    def copy_from(self, source: str, source_login: dict[str, Any], digest: str, release: str) -> None:
        """It is there now."""
        self.images.add(digest)
