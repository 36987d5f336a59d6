"""ECR's catalog of images, kept in step with the registry behind `/v2/`: one set of images, named by digest.

Adds to moto: real digests, immutable tags with ECR's own errors, and images that cannot be pushed before
their layers.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.models import Image, Repository, ecr_backends

from sandbox.aws.ecr.layers import LayersNotFound
from sandbox.core.settings import ACCOUNT
from sandbox.serving.images.references import FoundImage

_REFERENCE = re.compile(
    r"(?:(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"|(?:127\.0\.0\.1|localhost)(?::\d+)?)"
    r"/(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class TagIsImmutable(ServiceException):
    """ECR's refusal to move a tag of an immutable repository."""

    code = "ImageTagAlreadyExistsException"

    def __init__(self, repository: str, tag: str) -> None:
        super().__init__(
            f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be "
            "overwritten because the tag is immutable."
        )


def manifest_digest(manifest: bytes) -> str:
    """The digest that a registry gives a manifest."""
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def find_image(reference: str) -> FoundImage | None:
    """The image that `reference` names in one of the sandbox's repositories, or None."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    for repository in repositories(match["repository"], match["account"], match["region"]):
        for image in repository.images:
            digest, tag = image.get_image_digest(), match["tag"] or "latest"
            if digest == match["digest"] if match["digest"] else tag in image.image_tags:
                resolved = f"{reference.split('@')[0].removesuffix(':' + (match['tag'] or ''))}@{digest}"
                media_type = image.image_manifest_media_type or ""
                return FoundImage(digest, image.image_manifest.encode(), media_type, resolved)
    return None


def repository_of(reference: str) -> tuple[str | None, str | None, str]:
    """Account and region, where it says them, and name of the repository that an image's reference names."""
    match = _REFERENCE.fullmatch(reference)
    return (match["account"], match["region"], match["repository"]) if match else (None, None, reference)


def repositories(name: str, account: str | None = None, region: str | None = None) -> Iterator[Repository]:
    """Every repository of that name; without account and region, in any."""
    for account_id, backends in list(ecr_backends.items()):
        for region_name, backend in list(backends.items()):
            fits = account in (None, account_id) and region in (None, region_name)
            if fits and name in backend.repositories:
                yield backend.repositories[name]


class Catalog:
    """What ECR knows of pushed images. Called from moto's threads and from the registry's gateway."""

    def __init__(self, blobs: Path) -> None:
        self.blobs = blobs
        self._lock = RLock()

    def check(self, name: str, tag: str | None, manifest: bytes) -> None:
        """Refuse a manifest as ECR would.

        Raises RepositoryNotFoundException, TagIsImmutable and LayersNotFound.
        """
        found = list(repositories(name))
        if not found:
            raise RepositoryNotFoundException(name, ACCOUNT)
        digest = manifest_digest(manifest)
        for repository in found:
            holder = _tagged(repository, tag)
            if holder is not None and holder.get_image_digest() != digest and _is_fixed(repository, tag):
                raise TagIsImmutable(name, tag or "")
        missing = [blob for blob in _blobs_of(manifest) if not (self.blobs / blob.replace(":", "/")).exists()]
        if missing:
            raise LayersNotFound(f"Layers with digests '[{', '.join(missing)}]' do not exist in '{name}'")

    def record(self, name: str, tag: str | None, manifest: bytes, media_type: str) -> None:
        """Enter a manifest that the registry has accepted."""
        digest = manifest_digest(manifest)
        with self._lock:
            for repository in repositories(name):
                holder = _tagged(repository, tag)
                if holder is not None and holder.get_image_digest() != digest:
                    _untag(holder, tag)
                image = by_digest(repository, digest)
                if image is None:
                    repository.images.append(_new_image(repository, tag, manifest, media_type, digest))
                elif tag is not None:
                    image.update_tag(tag)

    def has(self, name: str, reference: str) -> bool:
        """Whether a repository has an image of this digest or tag: what ECR deleted, nobody may pull."""
        by = by_digest if reference.startswith("sha256:") else _tagged
        return any(by(repository, reference) is not None for repository in repositories(name))

    def tags(self, name: str) -> list[str]:
        """All tags of a repository, sorted."""
        return sorted({tag for r in repositories(name) for image in r.images for tag in image.image_tags})

    def forget(self, name: str, reference: str) -> None:
        """Strike out an image (by digest) or a tag that was deleted from the registry."""
        with self._lock:
            for repository in repositories(name):
                if reference.startswith("sha256:"):
                    repository.images = [i for i in repository.images if i.get_image_digest() != reference]
                elif (holder := _tagged(repository, reference)) is not None:
                    _untag(holder, reference)


def _new_image(repository: Repository, tag: str | None, manifest: bytes, media_type: str, digest: str) -> Any:
    untagged: Any = tag  # moto's signature wants a tag and its code allows for none
    return Image(repository.account_id, untagged, manifest.decode(), repository.name, media_type, digest)


def _tagged(repository: Repository, tag: str | None) -> Image | None:
    return next((image for image in repository.images if tag is not None and tag in image.image_tags), None)


def by_digest(repository: Repository, digest: str) -> Image | None:
    """The image of that digest in a repository, or None."""
    return next((image for image in repository.images if image.get_image_digest() == digest), None)


def _untag(image: Image, tag: str | None) -> None:
    image.image_tags = [kept for kept in image.image_tags if kept != tag]
    newest: Any = image.image_tags[-1] if image.image_tags else None
    image.image_tag = newest


def _is_fixed(repository: Repository, tag: str | None) -> bool:
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = any(re.fullmatch(f["filter"].replace("*", ".*"), tag or "") for f in filters)
    return repository.is_tag_immutable() != excluded


def _blobs_of(manifest: bytes) -> list[str]:
    parsed = json.loads(manifest)
    layers = [layer for layer in parsed.get("layers", []) if not layer.get("urls")]
    config = [parsed["config"]] if "config" in parsed else []
    return [blob["digest"] for blob in [*config, *layers]]
