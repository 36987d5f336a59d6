"""Images by digest: checked before they are used, unpacked once, never half."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from sandbox.serving.images.store import ImageError, ImageStore, unpack_model


class Registry:
    """A blob folder as crane keeps it."""

    def __init__(self, folder: Path) -> None:
        self.blobs = folder / "registry"
        (self.blobs / "sha256").mkdir(parents=True)
        self.store = ImageStore(self.blobs, folder / "images")
        self.images = folder / "images"

    def put(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        (self.blobs / "sha256" / name).write_bytes(content)
        return f"sha256:{name}"

    def image(self, *layers: bytes, kind: str = "application/vnd.oci.image.layer.v1.tar+gzip") -> bytes:
        config = self.put(json.dumps({"config": {"Entrypoint": ["/serve"]}}).encode())
        entries = [{"mediaType": kind, "digest": self.put(layer)} for layer in layers]
        return json.dumps({"config": {"digest": config}, "layers": entries}).encode()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def layer(name: str, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue())


def unpack(registry: Registry, manifest: bytes) -> Path:
    return registry.store.unpack("sha256:" + hashlib.sha256(manifest).hexdigest(), manifest).root


def test_an_image_is_unpacked_once(registry: Registry) -> None:
    manifest = registry.image(layer("a"), layer("b"))
    root = unpack(registry, manifest)
    assert {path.name for path in root.iterdir()} == {"a", "b"}
    for blob in (registry.blobs / "sha256").iterdir():
        blob.unlink()
    image = registry.store.unpack("sha256:" + hashlib.sha256(manifest).hexdigest(), manifest)
    assert image.root == root
    assert image.config == {"Entrypoint": ["/serve"]}


def test_a_layer_whose_bytes_are_not_its_digest_is_refused(registry: Registry) -> None:
    manifest = registry.image(layer("a"), layer("b"))
    victim = json.loads(manifest)["layers"][1]["digest"]
    (registry.blobs / victim.replace(":", "/")).write_bytes(layer("evil"))
    with pytest.raises(ImageError, match=f"blob {victim} has the digest sha256:"):
        unpack(registry, manifest)
    assert list(registry.images.iterdir()) == [], "nothing half-unpacked is left"


def test_a_missing_layer_is_named(registry: Registry) -> None:
    manifest = registry.image(layer("a"))
    victim = json.loads(manifest)["layers"][0]["digest"]
    (registry.blobs / victim.replace(":", "/")).unlink()
    with pytest.raises(ImageError, match=f"blob {victim} is not in the registry"):
        unpack(registry, manifest)


@pytest.mark.parametrize(
    "content", [b"no archive", layer("../out"), layer("a")[:-20]], ids=["no-archive", "escapes", "cut-short"]
)
def test_a_layer_that_is_no_good_archive_is_refused(registry: Registry, content: bytes) -> None:
    with pytest.raises(ImageError, match="layer sha256:"):
        unpack(registry, registry.image(content))


def test_a_compression_that_is_not_supported_is_named(registry: Registry) -> None:
    with pytest.raises(ImageError, match="zstd are not supported"):
        unpack(registry, registry.image(b"x", kind="application/vnd.oci.image.layer.v1.tar+zstd"))


def test_a_model_is_unpacked_once_by_its_content(tmp_path: Path) -> None:
    first = unpack_model(layer("model.onnx", b"1"), tmp_path)
    assert unpack_model(layer("model.onnx", b"1"), tmp_path) == first
    assert unpack_model(layer("model.onnx", b"2"), tmp_path) != first
    assert (first / "model.onnx").read_bytes() == b"1"
    with pytest.raises(ImageError, match="model data"):
        unpack_model(b"no archive", tmp_path)
