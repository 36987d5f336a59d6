"""ECR's own actions on layers, which work on the layers of the registry behind `/v2/`.

Adds to moto: a layer uploaded by ECR's API is in the registry and the other way round, a layer whose bytes do
not have the given digest is refused, and GetDownloadUrlForLayer.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse

from sandbox.aws.ecr.authorization import signed
from sandbox.core.settings import HOST

Push = Callable[[str, str, bytes], None]
"""Puts bytes into the registry: repository, digest, bytes."""


class InvalidLayer(ServiceException):
    """The bytes that were uploaded are not those of the digest that was given."""

    code = "InvalidLayerException"


class LayersNotFound(ServiceException):
    """A layer that was not uploaded, or not before the manifest that names it."""

    code = "LayersNotFoundException"


def install(port: int, blobs: Path, push: Push) -> None:
    """Patch moto's layer actions: layers lie below `blobs`, `push` adds one, `port` serves them."""
    original_complete = ECRBackend.complete_layer_upload
    original_check = ECRBackend.batch_check_layer_availability

    def complete(
        self: ECRBackend,
        repository_name: str,
        upload_id: str,
        layer_digests: list[str],
        registry_id: str | None = None,
    ) -> dict[str, Any]:
        upload = self._get_repository(repository_name, registry_id).uploads.get(upload_id)
        if upload is not None:
            content = bytes(upload.layer_parts)
            digest = "sha256:" + hashlib.sha256(content).hexdigest()
            if digest not in layer_digests:
                given = ", ".join(layer_digests)
                raise InvalidLayer(f"The layer's digest is '{digest}', not one of those given: {given}")
            push(repository_name, digest, content)
        return original_complete(self, repository_name, upload_id, layer_digests, registry_id)

    def check(
        self: ECRBackend, repository_name: str, layer_digests: list[str], registry_id: str | None = None
    ) -> dict[str, Any]:
        layers = self._get_repository(repository_name, registry_id).layers
        for digest in layer_digests:
            blob = blobs / digest.replace(":", "/")
            if _is_digest(digest) and blob.is_file():
                layers.setdefault(digest, blob.stat().st_size)
        return original_check(self, repository_name, layer_digests, registry_id)

    def get_download_url_for_layer(self: ECRResponse) -> ActionResult:
        name, digest = self._get_param("repositoryName"), self._get_param("layerDigest")
        self.ecr_backend._get_repository(name, self._get_param("registryId"))
        if not _is_digest(digest) or not (blobs / digest.replace(":", "/")).is_file():
            raise LayersNotFound(f"Layers with digests '[{digest}]' do not exist in '{name}'")
        url = f"http://{HOST}:{port}{signed(f'/v2/{name}/blobs/{digest}')}"
        return ActionResult({"downloadUrl": url, "layerDigest": digest})

    ECRBackend.complete_layer_upload = complete
    ECRBackend.batch_check_layer_availability = check
    setattr(ECRResponse, "get_download_url_for_layer", get_download_url_for_layer)  # noqa: B010


def _is_digest(text: str) -> bool:
    kind, _, value = text.partition(":")
    return kind == "sha256" and len(value) == 64 and all(c in "0123456789abcdef" for c in value)
