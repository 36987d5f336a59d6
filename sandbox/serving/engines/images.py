"""Loads images of the sandbox's registry into an engine's storage: once, by digest, with digests checked.

Nothing is pulled over a network, so no registry has to be declared insecure: podman reads an OCI layout that
links to the registry's own blobs and keeps the image's digest; docker gets the same blobs as an archive.
Blocking: call it from a thread.
"""

import io
import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from sandbox.serving.engines.engine import Engine, EngineError, locked
from sandbox.serving.images.blobs import Blobs, ImageError
from sandbox.serving.images.store import Image

REPOSITORY = "slipway.local/image"
"""The name of all images in the storage; the tag is the digest."""

RUNTIME_LABEL = "slipway.runtime"


class EngineImages:
    """Loads images of the registry's blob folder into the storage of `engine`."""

    def __init__(self, engine: Engine, blobs: Path) -> None:
        self._engine = engine
        self._blobs = Blobs(blobs)

    def load(self, digest: str, manifest: bytes) -> Image:
        """The image of `manifest`, loaded now or before. Raises ImageError."""
        read = json.loads(manifest)
        config = self._blobs.config(read).get("config") or {}
        check(config)
        name = f"{REPOSITORY}:{digest.removeprefix('sha256:')}"
        try:
            size = self._size(name)
            if size is None:
                with locked(self._engine.storage / "load.lock"):
                    if self._size(name) is None:
                        self._load(name, digest, manifest, read)
                size = self._size(name) or 0
        except EngineError as error:
            raise ImageError(str(error)) from error
        return Image(digest, config, name=name, size=size)

    def _size(self, name: str) -> int | None:
        """Bytes of an image in the storage, None when it is not there."""
        try:
            return int(self._engine.run(["image", "inspect", "--format", "{{.Size}}", name]))
        except EngineError:
            return None

    def _load(self, name: str, digest: str, manifest: bytes, read: dict[str, Any]) -> None:
        parts = [self._blobs.path(read["config"]["digest"]), *self._blobs.layers(read)]
        with tempfile.TemporaryDirectory(prefix=".load-", dir=self._engine.storage) as folder:
            if self._engine.kind == "docker":
                archive = Path(folder) / "image.tar"
                write_archive(archive, name, parts)
                self._engine.run(["load", "--quiet", "--input", str(archive)])
                return
            # podman makes the path a name, so not every path will do
            layout = Path(folder) / "loaded"
            write_layout(layout, digest, manifest, read.get("mediaType", _OCI_MANIFEST), parts)
            policy = self._engine.storage / "configuration" / "policy.json"
            words = ["pull", "--quiet", "--signature-policy", str(policy), f"oci:{layout.name}"]
            found = self._engine.run(words, layout.parent).splitlines()[-1]
        self._engine.run(["untag", found])
        self._engine.run(["tag", found, name])


_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def check(config: dict[str, Any]) -> None:
    """Refuse an image that says of itself that it needs the host's Python. Raises ImageError."""
    if (config.get("Labels") or {}).get(RUNTIME_LABEL) == "process":
        raise ImageError(
            f"the image is labelled {RUNTIME_LABEL}=process: built without a base, it has no Python of "
            "its own, so no container can run it. Build it on a base (slipway:image in the stage's YAML), or "
            "start the sandbox without --runtime container"
        )


def write_layout(folder: Path, digest: str, manifest: bytes, media_type: str, parts: list[Path]) -> None:
    """Write an OCI layout of one image whose `parts` (config and layers, named by SHA-256) are linked."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for part in set(parts):
        (blobs / part.name).symlink_to(part.resolve())
    (blobs / digest.removeprefix("sha256:")).write_bytes(manifest)
    entry = {"mediaType": media_type, "digest": digest, "size": len(manifest)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def write_archive(file: Path, name: str, parts: list[Path]) -> None:
    """Write what `docker save` would of an image, from its config and its layers, named by their SHA-256."""
    config, *layers = [f"blobs/sha256/{part.name}" for part in parts]
    described = json.dumps([{"Config": config, "RepoTags": [name], "Layers": layers}]).encode()
    with tarfile.open(file, "w") as tar:
        for part in dict.fromkeys(parts):
            tar.add(part.resolve(), f"blobs/sha256/{part.name}")
        member = tarfile.TarInfo("manifest.json")
        member.size = len(described)
        tar.addfile(member, io.BytesIO(described))
