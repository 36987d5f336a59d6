"""The registry's blobs on disk, each checked against its digest before it is used. Blocking."""

import hashlib
import json
from pathlib import Path
from typing import Any

LAYER_TYPES = ("tar", "tar+gzip", "tar.gzip")
"""How the media types of the layers end that are understood."""


class ImageError(Exception):
    """An image or artifact that cannot be used; the message says why."""


class Blobs:
    """The blobs in a folder as `crane registry serve --disk` keeps them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        """The file of a blob. Raises ImageError when it is missing, or not what its digest says."""
        path = self._folder / digest.replace(":", "/", 1)
        if not path.is_file():
            raise ImageError(f"blob {digest} is not in the registry")
        with path.open("rb") as blob:
            found = "sha256:" + hashlib.file_digest(blob, "sha256").hexdigest()
        if found != digest:
            raise ImageError(f"blob {digest} has the digest {found}")
        return path

    def layers(self, manifest: dict[str, Any]) -> list[Path]:
        """The files of an image's layers, lowest first. Raises ImageError, also for an unknown kind."""
        for layer in manifest["layers"]:
            if not layer["mediaType"].endswith(LAYER_TYPES):
                raise ImageError(f"layers of type {layer['mediaType']} are not supported")
        return [self.path(layer["digest"]) for layer in manifest["layers"]]

    def config(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """An image's OCI config. Raises ImageError."""
        return json.loads(self.path(manifest["config"]["digest"]).read_bytes())
