"""ECR's books, kept in step with the registry behind `/v2/`: one set of images, named by sha256.

Adds to moto: repository URIs that can be reached, real digests and sizes, immutable tags with ECR's own
errors, images that cannot be pushed before their layers. Scan findings stay moto's.
"""

import hashlib
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ecr.exceptions import ImageAlreadyExistsException, RepositoryNotFoundException
from moto.ecr.models import Image, Repository, ecr_backends
from moto.ecr.responses import ECRResponse

from sandbox.aws import ecr_layers
from sandbox.aws.ecr_layers import LayersNotFound
from sandbox.core.settings import HOST
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


class DigestDoesNotMatch(ServiceException):
    """PutImage with a digest that is not the manifest's."""

    code = "ImageDigestDoesNotMatchException"


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
            digest = image.get_image_digest()
            by_digest = match["digest"]
            wanted = digest == by_digest if by_digest else (match["tag"] or "latest") in image.image_tags
            if wanted:
                resolved = f"{reference.split('@')[0].removesuffix(':' + (match['tag'] or ''))}@{digest}"
                media_type = image.image_manifest_media_type or ""
                return FoundImage(digest, image.image_manifest.encode(), media_type, resolved)
    return None


def repositories(name: str, account: str | None = None, region: str | None = None) -> Iterator[Repository]:
    """Every repository of that name; without account and region, in any."""
    for account_id, backends in list(ecr_backends.items()):
        for region_name, backend in list(backends.items()):
            fits = account in (None, account_id) and region in (None, region_name)
            if fits and name in backend.repositories:
                yield backend.repositories[name]


class Books:
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
            raise RepositoryNotFoundException(name, "123456789012")
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
                image = _by_digest(repository, digest)
                if image is None:
                    repository.images.append(_new_image(repository, tag, manifest, media_type, digest))
                elif tag is not None:
                    image.update_tag(tag)

    def has(self, name: str, reference: str) -> bool:
        """Whether a repository has an image of this digest or tag: what ECR deleted, nobody may pull."""
        by = _by_digest if reference.startswith("sha256:") else _tagged
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


def install(port: int, books: Books, registry_port: int) -> None:
    """Patch moto's ECR: URIs at `port`, images kept in `books` and in the registry at `registry_port`."""
    original_init = Repository.__init__

    def init(self: Repository, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        self.uri = f"{HOST}:{port}/{self.name}"

    def put_image(self: ECRResponse) -> ActionResult:
        return ActionResult({"image": _put_image(self, books, registry_port)})

    def get_authorization_token(self: ECRResponse) -> ActionResult:
        answer: Any = original_token(self).result
        for entry in answer["authorizationData"]:
            entry["proxyEndpoint"] = f"http://{HOST}:{port}"
            entry["expiresAt"] = 4102444800  # 2100: tokens of the sandbox do not expire
        return ActionResult(answer)

    def push_layer(name: str, digest: str, content: bytes) -> None:
        path = f"/v2/{name}/blobs/uploads/?digest={digest}"
        _registry(registry_port, "POST", path, content, "application/octet-stream")

    ecr_layers.install(port, books.blobs, push_layer)
    original_token = ECRResponse.get_authorization_token
    Repository.__init__ = init
    Image.get_image_size_in_bytes = _size
    ECRResponse.put_image = put_image
    ECRResponse.put_registry_scanning_configuration = _put_scanning
    ECRResponse.get_authorization_token = get_authorization_token


def _put_scanning(self: ECRResponse) -> ActionResult:
    """PutRegistryScanningConfiguration; moto keeps absent rules as None and then creates no repository."""
    scan_type, rules = self._get_param("scanType") or "BASIC", self._get_param("rules") or []
    self.ecr_backend.put_registry_scanning_configuration(scan_type, rules)
    return ActionResult({"registryScanningConfiguration": {"scanType": scan_type, "rules": rules}})


def _put_image(response: ECRResponse, books: Books, registry_port: int) -> dict[str, Any]:
    name, tag = response._get_param("repositoryName"), response._get_param("imageTag")
    manifest = response._get_param("imageManifest").encode()
    digest = manifest_digest(manifest)
    given = response._get_param("imageDigest")
    if given and given != digest:
        raise DigestDoesNotMatch(f"Image digest '{given}' does not match the manifest's '{digest}'.")
    books.check(name, tag, manifest)
    repository = response.ecr_backend._get_repository(name)
    present = _by_digest(repository, digest)
    if present is not None and (tag is None or tag in present.image_tags):
        raise ImageAlreadyExistsException(name, repository.registry_id, digest, tag)
    parsed = json.loads(manifest)
    media_type = response._get_param("imageManifestMediaType") or parsed.get("mediaType", "")
    _registry(registry_port, "PUT", f"/v2/{name}/manifests/{tag or digest}", manifest, media_type)
    books.record(name, tag, manifest, media_type)
    return {
        "registryId": repository.registry_id,
        "repositoryName": name,
        "imageId": {"imageDigest": digest, **({"imageTag": tag} if tag else {})},
        "imageManifest": manifest.decode(),
        "imageManifestMediaType": media_type,
    }


def _registry(port: int, method: str, path: str, body: bytes = b"", media_type: str = "") -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": media_type} if media_type else {})
        connection.getresponse().read()
    finally:
        connection.close()


def _new_image(repository: Repository, tag: str | None, manifest: bytes, media_type: str, digest: str) -> Any:
    untagged: Any = tag  # moto's signature wants a tag and its code allows for none
    return Image(repository.account_id, untagged, manifest.decode(), repository.name, media_type, digest)


def _tagged(repository: Repository, tag: str | None) -> Image | None:
    return next((image for image in repository.images if tag is not None and tag in image.image_tags), None)


def _by_digest(repository: Repository, digest: str) -> Image | None:
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


def _size(self: Image) -> int | None:
    layers = json.loads(self.image_manifest).get("layers")
    return sum(layer.get("size", 0) for layer in layers) if layers is not None else None
