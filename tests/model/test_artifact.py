"""model.tar.gz: the same content gives the same bytes, and nothing but our own plain files is read back."""

import gzip
import io
import os
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import artifact
from model.errors import ChampionError

FILES = {"model.onnx": b"graph", "schema.json": b"{}"}
contents = st.dictionaries(st.from_regex(r"[a-z]{1,12}\.[a-z]{1,4}", fullmatch=True), st.binary(max_size=200))


def written(tmp_path, content: bytes):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)
    return path


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
def test_what_was_packed_is_read_back(tmp_path_factory, files):
    path = written(tmp_path_factory.mktemp("artifact"), artifact.pack(files))
    assert artifact.unpack(path) == files


def test_no_time_owner_or_name_is_in_the_bytes():
    packed = artifact.pack(FILES)
    assert packed[4:8] == b"\0\0\0\0"
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) for entry in tar} == {
            (0, 0, 0, "", 0o644)
        }
        assert tar.getnames() == ["checksums.json", "model.onnx", "schema.json"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda packed: packed[: len(packed) // 2], id="cut short"),
        pytest.param(lambda packed: b"not an archive", id="no archive"),
        pytest.param(lambda packed: b"", id="empty"),
        pytest.param(
            lambda packed: gzip.compress(gzip.decompress(packed).replace(b"graph", b"grape")),
            id="changed file",
        ),
        pytest.param(lambda packed: archive(), id="no checksums"),
    ],
)
def test_a_damaged_artifact_is_refused_with_the_next_step(tmp_path, damage):
    with pytest.raises(ChampionError) as caught:
        artifact.unpack(written(tmp_path, damage(artifact.pack(FILES))))
    assert "--champion" in caught.value.next_step


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ChampionError, match=r"none\.tar\.gz"):
        artifact.unpack(tmp_path / "none.tar.gz")


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
def test_paths_and_links_are_never_followed(tmp_path, entry):
    with pytest.raises(ChampionError, match="not a plain file"):
        artifact.unpack(written(tmp_path, archive((entry, b""))))
    assert os.listdir(tmp_path) == ["model.tar.gz"]  # noqa: PTH208 - names alone


def test_an_artifact_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(artifact, "SIZE_LIMIT", 1000)
    with pytest.raises(ChampionError, match="more than"):
        artifact.unpack(written(tmp_path, artifact.pack({"model.onnx": b"\0" * 2000})))


def test_json_is_the_same_whatever_the_order_of_its_keys():
    assert artifact.as_json({"b": 1, "a": "é"}) == artifact.as_json({"a": "é", "b": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        artifact.as_json({"auc": float("nan")})
