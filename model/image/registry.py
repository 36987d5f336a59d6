"""Pushing a built image, and reading what an image in a registry says of itself."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from model.image.crane import Crane
from model.image.errors import ImageError, RegistryError
from model.image.layout import Layout

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


@dataclass(frozen=True)
class ImageInfo:
    """What a registry holds under a reference. `size` is in bytes, compressed."""

    digest: str
    media_type: str
    labels: dict[str, str]
    entry_point: tuple[str, ...]
    size: int


def push(image: Layout, target: str, docker_config: Path | None = None, crane: Path | None = None) -> str:
    """Copies `image` to `target` and returns `repository@digest`, which the registry has confirmed.

    `target` is a repository or a reference with a tag; `docker_config` a folder with a config.json of
    credentials. Pushing what is there already changes nothing. Raises RegistryError, ToolError.
    """
    program = Crane(crane, docker_config)
    repository = _repository(target)
    pinned = f"{repository}@{image.digest}"
    program.run("push", image.path, pinned if target == repository else target)
    found = program.run("digest", pinned).decode().strip()
    if found != image.digest:
        raise RegistryError(
            f"{pinned} was pushed, and the registry says that it is {found}.",
            "The image was not released.",
            "Look at the registry, or at what is between it and here, and run again.",
        )
    return pinned


def inspect(reference: str, docker_config: Path | None = None, crane: Path | None = None) -> ImageInfo:
    """What is under `reference`; for the arguments see `push`.

    Raises ImageError for an index of several images, RegistryError, ToolError.
    """
    program = Crane(crane, docker_config)
    content = program.run("manifest", reference)
    manifest = json.loads(content)
    media_type = manifest.get("mediaType", "")
    if media_type in _INDEXES or "config" not in manifest:
        raise ImageError(
            f"{reference} is an index of several images ({media_type or 'unknown type'}).",
            "SageMaker does not run it.",
            "Name one image of it by its digest.",
        )
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    # by digest: the tag may name another image by now
    config = json.loads(program.run("config", f"{_repository(reference)}@{digest}")).get("config") or {}
    sizes = [manifest["config"]["size"], *(layer["size"] for layer in manifest["layers"])]
    return ImageInfo(
        digest=digest,
        media_type=media_type,
        labels=config.get("Labels") or {},
        entry_point=tuple(config.get("Entrypoint") or ()),
        size=len(content) + sum(sizes),
    )


def _repository(reference: str) -> str:
    """`reference` without its digest and its tag; a port is no tag."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
