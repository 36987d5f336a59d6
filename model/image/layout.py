"""An image on disk as an OCI layout: what `crane pull --format=oci` writes and `crane push` reads.

The layouts of one cache share their blobs, so that a new image with a small change costs that change.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.image.crane import Crane
from model.image.errors import BaseImageError, ImageError

_DOCKER = "application/vnd.docker."
_CONVERTED = {
    "application/vnd.oci.image.manifest.v1+json": f"{_DOCKER}distribution.manifest.v2+json",
    "application/vnd.oci.image.config.v1+json": f"{_DOCKER}container.image.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip": f"{_DOCKER}image.rootfs.diff.tar.gzip",
}
_DOCKER_TYPES = frozenset(_CONVERTED.values())


@dataclass(frozen=True)
class Layer:
    """One layer as it is stored: its digest and its compressed size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True)
class Layout:
    """An image in the folder `path`. `size` is what a registry stores, in bytes."""

    path: Path
    digest: str
    size: int
    layers: tuple[Layer, ...]


def pull(crane: Crane, reference: str, folder: Path) -> None:
    """Stores an image in `folder`, its blobs in `../../blobs`. Raises RegistryError, OSError."""
    blobs = folder.parent.parent / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True)
    (folder / "blobs").symlink_to(Path("..", "..", "blobs"))
    crane.run("pull", "--format=oci", reference, folder)


def read_layout(folder: Path) -> Layout:
    """The one image in `folder`, as it is. Raises OSError, ImageError."""
    [descriptor] = json.loads((folder / "index.json").read_bytes())["manifests"]
    content = blob(folder, descriptor["digest"]).read_bytes()
    return _layout(folder, descriptor["digest"], json.loads(content), len(content))


def keep(layout: Layout, final: Path) -> Layout:
    """Moves an image to `final`, whole or not at all; another build may have been quicker with the same."""
    keep_folder(layout.path, final)
    return replace(layout, path=final)


def keep_folder(folder: Path, final: Path) -> None:
    """Moves `folder` to `final`, whole or not at all; what is there already is the same and stays."""
    final.parent.mkdir(exist_ok=True)
    try:
        folder.rename(final)
    except OSError:
        if not final.is_dir():
            raise


def docker_layout(folder: Path) -> Layout:
    """Turns the image in `folder` into a Docker image manifest, schema 2, and reads it back.

    SageMaker takes those; the layers and the configuration are the same bytes in both. Raises BaseImageError
    for a layer that has no such form.
    """
    index = json.loads((folder / "index.json").read_bytes())
    [descriptor] = index["manifests"]
    manifest = json.loads(blob(folder, descriptor["digest"]).read_bytes())
    for part in (manifest, manifest["config"], *manifest["layers"]):
        part["mediaType"] = _docker_type(part["mediaType"])
    # Annotations are OCI's; schema 2 has none.
    manifest.pop("annotations", None)
    content = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    blob(folder, digest).write_bytes(content)
    entry = {"mediaType": manifest["mediaType"], "digest": digest, "size": len(content)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return _layout(folder, digest, manifest, len(content))


def _layout(folder: Path, digest: str, manifest: dict[str, Any], manifest_size: int) -> Layout:
    layers = tuple(Layer(layer["digest"], layer["size"]) for layer in manifest["layers"])
    size = manifest_size + manifest["config"]["size"] + sum(layer.size for layer in layers)
    return Layout(folder, digest, size, layers)


def _docker_type(media_type: str) -> str:
    converted = _CONVERTED.get(media_type, media_type)
    if converted not in _DOCKER_TYPES:
        raise BaseImageError(
            f"The base image holds a part of the type {media_type}, which SageMaker does not take.",
            "No image was built.",
            "Use a base whose layers are gzip-compressed.",
        )
    return converted


def blob(folder: Path, digest: str) -> Path:
    """The file of a blob of the image in `folder`. Raises ImageError for what is no digest."""
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or not value.isalnum():
        raise ImageError(
            f"The image in {folder} names the blob {digest!r}, which is no SHA-256.",
            "It was not used.",
            f"Remove {folder.parent.parent} and build again.",
        )
    return folder / "blobs" / algorithm / value
