"""ECR's actions that moto lacks or answers without a registry behind it.

Adds to moto: repository URIs that can be reached, images that are in the registry as well, their real sizes,
and tokens that name the sandbox. Scan findings stay moto's.
"""

import http.client
import json
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ecr.exceptions import ImageAlreadyExistsException
from moto.ecr.models import Image, Repository
from moto.ecr.responses import ECRResponse

from sandbox.aws.ecr import layers as ecr_layers
from sandbox.aws.ecr.catalog import Catalog, by_digest, manifest_digest
from sandbox.core.settings import HOST


class DigestDoesNotMatch(ServiceException):
    """PutImage with a digest that is not the manifest's."""

    code = "ImageDigestDoesNotMatchException"


def install(port: int, catalog: Catalog, registry_port: int) -> None:
    """Patch moto's ECR: URIs at `port`, images in `catalog` and in the registry at `registry_port`."""
    original_init = Repository.__init__

    def init(self: Repository, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        self.uri = f"{HOST}:{port}/{self.name}"

    def put_image(self: ECRResponse) -> ActionResult:
        return ActionResult({"image": _put_image(self, catalog, registry_port)})

    def get_authorization_token(self: ECRResponse) -> ActionResult:
        answer: Any = original_token(self).result
        for entry in answer["authorizationData"]:
            entry["proxyEndpoint"] = f"http://{HOST}:{port}"
            entry["expiresAt"] = 4102444800  # 2100: tokens of the sandbox do not expire
        return ActionResult(answer)

    def push_layer(name: str, digest: str, content: bytes) -> None:
        path = f"/v2/{name}/blobs/uploads/?digest={digest}"
        _registry(registry_port, "POST", path, content, "application/octet-stream")

    ecr_layers.install(port, catalog.blobs, push_layer)
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


def _put_image(response: ECRResponse, catalog: Catalog, registry_port: int) -> dict[str, Any]:
    name, tag = response._get_param("repositoryName"), response._get_param("imageTag")
    manifest = response._get_param("imageManifest").encode()
    digest = manifest_digest(manifest)
    given = response._get_param("imageDigest")
    if given and given != digest:
        raise DigestDoesNotMatch(f"Image digest '{given}' does not match the manifest's '{digest}'.")
    catalog.check(name, tag, manifest)
    repository = response.ecr_backend._get_repository(name)
    present = by_digest(repository, digest)
    if present is not None and (tag is None or tag in present.image_tags):
        raise ImageAlreadyExistsException(name, repository.registry_id, digest, tag)
    parsed = json.loads(manifest)
    media_type = response._get_param("imageManifestMediaType") or parsed.get("mediaType", "")
    _registry(registry_port, "PUT", f"/v2/{name}/manifests/{tag or digest}", manifest, media_type)
    catalog.record(name, tag, manifest, media_type)
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


def _size(self: Image) -> int | None:
    layers = json.loads(self.image_manifest).get("layers")
    return sum(layer.get("size", 0) for layer in layers) if layers is not None else None
