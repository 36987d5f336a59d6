"""Images and model artifacts unpacked once and kept, by digest, under the sandbox's home.

Blocking: call it from a thread.
"""

import hashlib
import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.serving.images.archive import Extraction, UnsafeArchive
from sandbox.serving.images.blobs import Blobs, ImageError

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Image:
    """An image that can be started: its manifest's digest and its OCI config's `config` object.

    It lies unpacked in the folder `root`, or with `size` bytes in a container engine's storage, as `name`.
    """

    digest: str
    config: dict[str, Any]
    root: Path = Path()
    name: str = ""
    size: int = 0


class ImageStore:
    """Unpacks images of the registry's blob folder into `images`."""

    def __init__(self, blobs: Path, images: Path) -> None:
        self._blobs = Blobs(blobs)
        self._images = images

    def unpack(self, digest: str, manifest: bytes) -> Image:
        """The image of `manifest`, unpacked now or before. Raises ImageError."""
        folder = self._images / digest.removeprefix("sha256:")
        if not folder.is_dir():
            self._unpack_into(folder, json.loads(manifest))
        config = json.loads((folder / "config.json").read_text())
        root = folder / "root"
        return Image(digest, config.get("config") or {}, root)

    def _unpack_into(self, folder: Path, manifest: dict[str, Any]) -> None:
        config = self._blobs.config(manifest)
        with _building(folder) as building:
            root = building / "root"
            root.mkdir()
            extraction = Extraction(root)
            for layer in self._blobs.layers(manifest):
                try:
                    extraction.add(layer, whiteouts=True)
                except (UnsafeArchive, tarfile.TarError, EOFError) as error:
                    raise ImageError(f"layer sha256:{layer.name}: {error}") from error
            (building / "config.json").write_text(json.dumps(config))


def unpack_model(archive: bytes, models: Path) -> Path:
    """The folder of a model.tar.gz, unpacked now or before. Raises ImageError, for no gzip too."""
    if not archive.startswith(_GZIP):
        raise ImageError("model data: it is no gzipped tar")
    folder = models / hashlib.sha256(archive).hexdigest()
    if not folder.is_dir():
        with _building(folder) as building, tempfile.NamedTemporaryFile() as file:
            file.write(archive)
            file.flush()
            try:
                Extraction(building).add(Path(file.name), whiteouts=False)
            except (UnsafeArchive, tarfile.TarError, EOFError) as error:
                raise ImageError(f"model data: {error}") from error
    return folder


class _building:  # noqa: N801  a context manager that reads as a verb
    """A folder beside `folder` that takes its place when the block ends well, and vanishes otherwise."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Path:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._work = Path(tempfile.mkdtemp(prefix=".building-", dir=self._folder.parent))
        return self._work

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self._work, ignore_errors=True)
        elif self._folder.is_dir():  # another thread was faster with the same content
            shutil.rmtree(self._work)
        else:
            self._work.chmod(0o755)
            self._work.rename(self._folder)
