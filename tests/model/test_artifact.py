"""model.tar.gz: the same content gives the same bytes, and nothing but our own plain files is read back."""

import gzip
import io
import os
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import artifact

FILES = {"model.onnx": b"graph", "schema.json": b"{}"}
names = st.text("abcz", min_size=1, max_size=12).map(lambda stem: f"{stem}.json")
contents = st.dictionaries(names, st.binary(max_size=200))


def archive(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@given(contents)
def test_the_order_of_the_files_does_not_matter(files):
    assert artifact.pack(files) == artifact.pack(dict(reversed(files.items())))


def test_files_of_further_models_are_read_back():
    files = FILES | {"models/delays/2/model.onnx": b"other"}
    assert artifact.read(artifact.pack(files)) == files


@given(contents)
def test_what_was_packed_is_read_back(files):
    assert artifact.read(artifact.pack(files)) == files


def test_no_time_owner_or_name_is_in_the_bytes():
    packed = artifact.pack(FILES)
    assert packed[4:8] == b"\0\0\0\0"
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) for entry in tar} == {
            (0, 0, 0, "", 0o644)
        }
        assert tar.getnames() == ["checksums.json", "model.onnx", "schema.json"]


DAMAGED = {
    "cut short": lambda packed: packed[: len(packed) // 2],
    "no archive": lambda packed: b"not an archive",
    "empty": lambda packed: b"",
    "changed file": lambda packed: gzip.compress(gzip.decompress(packed).replace(b"graph", b"grape")),
    "no checksums": lambda packed: archive(),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_artifact_is_refused(damage):
    with pytest.raises(ValueError, match=r"."):
        artifact.read(damage(artifact.pack(FILES)))


def linked() -> tarfile.TarInfo:
    entry = tarfile.TarInfo("model.onnx")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return entry


EVIL = (
    "../evil",
    "/etc/evil",
    "..",
    "models/../evil",
    "models/a/../evil",
    "models/a/1/../x",
    "models/a/1/b/c",
    "a/b",
)


@pytest.mark.parametrize("entry", [*map(tarfile.TarInfo, EVIL), linked()])
def test_paths_and_links_are_never_followed(tmp_path, monkeypatch, entry):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="not a plain file"):
        artifact.read(archive((entry, b"")))
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names alone


def test_an_artifact_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(artifact, "SIZE_LIMIT", 1000)
    with pytest.raises(ValueError, match="more than"):
        artifact.read(artifact.pack({"model.onnx": b"\0" * 2000}))


def test_json_is_the_same_whatever_the_order_of_its_keys():
    assert artifact.as_json({"b": 1, "a": "é"}) == artifact.as_json({"a": "é", "b": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        artifact.as_json({"auc": float("nan")})
