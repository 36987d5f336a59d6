"""Building images for tests: the tools, copies of the serving package, a registry, and unpacked layers."""

import json
import shutil
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.image.build import SERVING, BuildOptions
from model.image.crane import Crane
from model.image.extracting import extract
from model.image.layout import Layout

_TOOLS = Path(__file__).resolve().parents[3] / ".tools" / "bin"


def tool(name: str) -> Path | None:
    """The program that setup put into .tools, None where it is on PATH only."""
    path = _TOOLS / name
    return path if path.exists() else None


def crane() -> Crane:
    """The crane that the builds use."""
    return Crane(tool("crane"))


def options(cache: Path, serving: Path = SERVING, **more: Any) -> BuildOptions:
    """Options with the tools filled in."""
    return BuildOptions(cache=cache, crane=tool("crane"), uv=tool("uv"), serving=serving, **more)


def checkout(folder: Path, source: Path = SERVING) -> Path:
    """A copy of the package `source` as another checkout has it: other times, bytecode beside it."""
    copy = Path(shutil.copytree(source, folder / "model" / "serving", copy_function=shutil.copyfile))
    (copy / "serve").chmod(0o700)
    (copy / "__pycache__").mkdir(exist_ok=True)
    (copy / "__pycache__" / "stale.cpython-311.pyc").write_bytes(b"bytecode")
    (copy / "notes.txt").write_text("not part of the image")
    return copy


@contextmanager
def registry(folder: Path) -> Generator[str]:
    """`host:port` of an empty registry."""
    with tempfile.TemporaryDirectory(dir=folder) as storage, crane().registry(Path(storage)) as host:
        yield host


def blob(image: Layout, digest: str) -> Path:
    """The file of a blob of a built image."""
    return image.path / "blobs" / Path(*digest.split(":"))


def manifest(image: Layout) -> dict[str, Any]:
    """The manifest of a built image."""
    return json.loads(blob(image, image.digest).read_bytes())


def config(image: Layout) -> dict[str, Any]:
    """The configuration of a built image."""
    return json.loads(blob(image, manifest(image)["config"]["digest"]).read_bytes())


def unpack(image: Layout, folder: Path) -> Path:
    """The root file system of an image without deletions in its layers."""
    for layer in image.layers:
        with tarfile.open(blob(image, layer.digest)) as tar:
            extract(tar, folder, "tar")
    return folder


def members(image: Layout, index: int) -> list[tarfile.TarInfo]:
    """The entries of a layer, in order."""
    with tarfile.open(blob(image, image.layers[index].digest)) as tar:
        return tar.getmembers()
