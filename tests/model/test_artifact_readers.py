"""Whoever reads a model.tar.gz reads the same, or refuses it: training's reader, the sandbox, the server."""

import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from model import artifact
from model.serving.errors import ArtifactError
from model.serving.models.artifact import read_artifact
from sandbox.serving.images.blobs import ImageError
from sandbox.serving.images.store import unpack_model

FILES = {"model.onnx": b"graph", "schema.json": b"{}", "models/delays/2/model.onnx": b"other"}
FILES["models/delays/2/schema.json"] = b"{ }"
PACKED = artifact.pack(FILES)

Entries = list[tuple[str, bytes]]


def entries() -> Entries:
    with tarfile.open(fileobj=io.BytesIO(PACKED)) as tar:
        return [(m.name, (tar.extractfile(m) or io.BytesIO()).read()) for m in tar]


def tar(files: Entries, compress: Callable[[bytes], bytes] = gzip.compress) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return compress(buffer.getvalue())


def by_hand(folder: Path, *what: str) -> bytes:
    """The files as a person packs them with tar."""
    for name, content in entries():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return subprocess.run(["tar", "czf", "-", *what], cwd=folder, capture_output=True, check=True).stdout


def of_a_mac() -> Entries:
    """Beside each file, folder and the archive's top what a Mac's tar adds, and what Finder left."""
    told: Entries = [("./._.", b"mac"), ("./.DS_Store", b"finder"), ("./models/._delays", b"mac")]
    for name, content in entries():
        head, slash, tail = name.rpartition("/")
        told += [(f"./{head}{slash}._{tail}", b"mac"), (f"./{name}", content)]
    return told


def as_served(content: bytes, folder: Path) -> dict[str, bytes]:
    """What the server serves of what the sandbox unpacks. Raises ImageError, ArtifactError."""
    found = read_artifact(unpack_model(content, folder / "unpacked"))
    served = {"model.onnx": found.default.graph, "schema.json": found.default.schema}
    for key, files in found.others.items():
        prefix = f"models/{key.name}/{key.version}/"
        served |= {f"{prefix}model.onnx": files.graph, f"{prefix}schema.json": files.schema}
    return served


READ: dict[str, Callable[[Path], bytes]] = {
    "ours": lambda _: PACKED,
    "the folder": lambda folder: by_hand(folder, "./"),
    "the folder without a slash": lambda folder: by_hand(folder, "."),
    "its files": lambda folder: by_hand(folder, "checksums.json", "model.onnx", "schema.json", "models"),
    "pax": lambda folder: by_hand(folder, "--format=pax", "./"),
    "a mac": lambda _: tar(of_a_mac()),
    "a note beside": lambda _: tar([*entries(), ("README.txt", b"hello")]),
    "a file twice, the last one right": lambda _: tar([("./model.onnx", b"old"), *entries()]),
}


@pytest.mark.parametrize("make", READ.values(), ids=READ.keys())
def test_all_readers_read_the_same(tmp_path: Path, make: Callable[[Path], bytes]) -> None:
    content = make(tmp_path)
    assert artifact.read(content) == FILES
    assert as_served(content, tmp_path) == FILES


REFUSED: dict[str, bytes] = {
    "no gzip": tar(entries(), lambda data: data),
    "bzip2": tar(entries(), bz2.compress),
    "xz": tar(entries(), lzma.compress),
    "a folder around it": tar([(f"model/{name}", content) for name, content in entries()]),
    "a way out": tar([*entries(), ("../evil", b"x")]),
    "another graph": tar([*entries(), ("model.onnx", b"another")]),
    "no graph": tar([entry for entry in entries() if entry[0] != "model.onnx"]),
    "only the mac's": tar([entry for entry in of_a_mac() if "._" in entry[0]]),
    "cut short": PACKED[: len(PACKED) // 2],
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_all_readers_refuse_the_same(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        artifact.read(content)
    with pytest.raises((ImageError, ArtifactError), match=r"."):
        as_served(content, tmp_path)
