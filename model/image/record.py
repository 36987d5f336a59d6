"""What an image is, read from the image itself, so that any two images can be compared.

Its layers and their sizes, the packages its SBOM names, the checksums of its own code, and what it says of
itself. Which of two images is newer it does not know.
"""

import json
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from model.image.layout import Layout, blob, read_layout
from model.image.program import HOME, SBOM

_CODE = (HOME / "model").as_posix() + "/"
_ENTRY = (HOME / "serve").as_posix()
_DEPENDENCIES = tuple(f"{HOME / name}/" for name in ("dependencies", "training-dependencies"))


@dataclass(frozen=True)
class LayerRecord:
    """A layer: what it is of, and its size in bytes as stored and unpacked."""

    holds: str
    digest: str
    size: int
    unpacked: int


@dataclass(frozen=True)
class Record:
    """An image. `packages` are versions by name, `files` checksums of the code by path."""

    digest: str
    size: int
    layers: tuple[LayerRecord, ...]
    packages: Mapping[str, str]
    base_packages: Mapping[str, str]
    files: Mapping[str, str]
    labels: Mapping[str, str]
    settings: Mapping[str, Any]

    @property
    def unpacked(self) -> int:
        """Bytes of all files, as the host of a container needs them."""
        return sum(layer.unpacked for layer in self.layers)

    @property
    def own(self) -> tuple[LayerRecord, ...]:
        """The layers that the build puts on the base."""
        return tuple(layer for layer in self.layers if layer.holds != "base")

    def summary(self) -> dict[str, Any]:
        """As JSON, without the files."""
        told = {key: value for key, value in asdict(self).items() if key != "files"}
        return told | {
            "unpacked": self.unpacked,
            "size_without_base": sum(layer.size for layer in self.own),
            "unpacked_without_base": sum(layer.unpacked for layer in self.own),
        }


def read_record(folder: Path) -> Record:
    """The record of the image that is kept in `folder`. Raises OSError where it is not there any more."""
    return record(read_layout(folder))


def record(image: Layout) -> Record:
    """The record of a built image; reads all its layers, which takes seconds. Raises OSError."""
    manifest = json.loads(blob(image.path, image.digest).read_bytes())
    config = json.loads(blob(image.path, manifest["config"]["digest"]).read_bytes())["config"]
    layers, files, sbom = [], {}, b"{}"
    for layer in image.layers:
        found = _read(blob(image.path, layer.digest))
        layers.append(LayerRecord(found.holds, layer.digest, layer.size, found.unpacked))
        files |= found.files
        sbom = found.sbom or sbom
    packages, base = _packages(json.loads(sbom))
    labels = config.pop("Labels", None) or {}
    return Record(image.digest, image.size, tuple(layers), packages, base, files, labels, config)


@dataclass
class _Read:
    """What one layer holds."""

    holds: str
    unpacked: int
    files: dict[str, str]
    sbom: bytes | None


def _read(layer: Path) -> _Read:
    found = _Read("base", 0, {}, None)
    with tarfile.open(layer, "r|*") as tar:
        for entry in tar:
            found.unpacked += entry.size
            name = entry.name
            if name.startswith(_DEPENDENCIES) and entry.isfile():
                found.holds = "requirements"
            elif entry.isfile() and (name.startswith(_CODE) or name in (_ENTRY, SBOM.as_posix())):
                found.holds = "code"
                content = tar.extractfile(entry)
                assert content is not None
                text = content.read()
                if name == SBOM.as_posix():
                    found.sbom = text
                else:
                    found.files[name] = sha256(text).hexdigest()
    return found


def _packages(sbom: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Versions by name: of the locked packages, and of the base's."""
    own: dict[str, str] = {}
    base: dict[str, str] = {}
    for part in sbom.get("components", []):
        kind = part.get("purl", "").partition("/")[0]
        if kind == "pkg:pypi":
            own[part["name"]] = part["version"]
        elif kind:
            base[part["name"]] = part["version"]
    return own, base
