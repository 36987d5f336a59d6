"""What is fetched before serving is what was released, or nothing is unpacked."""

import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from model.serving.errors import ArtifactError, SettingsError
from model.serving.fetching import Source, fetch, source
from model.serving.settings import from_environment
from tests.model.serving.archives import archive, member

DIGEST = "a" * 64


def lying(content: bytes):
    """A bucket in which this lies, whatever is asked for."""

    def receive(_uri: str, file: Path) -> str:
        file.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    return receive


def fetched(folder: Path, content: bytes) -> list[str]:
    """Fetch these bytes, which are the right ones; the names of the files."""
    fetch(Source("s3://bucket/key", hashlib.sha256(content).hexdigest()), folder, lying(content))
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_was_released_is_unpacked_and_nothing_else_is_left(tmp_path):
    content = archive(member("./", tarfile.DIRTYPE), member("./schema.json"), member("a/b/c.json"))
    assert fetched(tmp_path / "model", content) == ["c.json", "schema.json"]
    assert (tmp_path / "model" / "schema.json").read_bytes() == b"a graph"
    assert (tmp_path / "model" / "schema.json").stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("mark", ["checksums.json", ".model.tar.gz"])
def test_what_an_earlier_fetch_left_is_gone_and_nothing_is_written_through_it(tmp_path, mark):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"not ours")
    (tmp_path / "model" / "old").mkdir(parents=True)
    (tmp_path / "model" / "old" / "model.onnx").write_bytes(b"another model")
    (tmp_path / "model" / "schema.json").symlink_to(elsewhere)
    (tmp_path / "model" / mark).hardlink_to(elsewhere)
    content = archive(member("checksums.json"), member("schema.json"))
    assert fetched(tmp_path / "model", content) == ["checksums.json", "schema.json"]
    assert elsewhere.read_bytes() == b"not ours"
    assert fetched(tmp_path / "model", content) == ["checksums.json", "schema.json"]


def test_a_folder_of_somebodys_files_is_not_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_bytes(b"ours")
    with pytest.raises(SettingsError, match=r"holds 'thesis\.txt' and no model"):
        fetched(tmp_path, archive(member("schema.json")))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "bad",
    [
        member("/etc/passwd"),
        member("a/../../out"),
        member("link", tarfile.SYMTYPE, "schema.json"),
        member("hard", tarfile.LNKTYPE, "schema.json"),
        member("pipe", tarfile.FIFOTYPE),
        member("device", tarfile.CHRTYPE),
        member("schema.json"),
        member(".model.tar.gz"),
    ],
    ids=lambda each: f"{each.name}-{each.type.decode()}",
)
def test_nothing_is_unpacked_outside_nor_a_link_nor_twice(tmp_path, bad):
    with pytest.raises(ArtifactError, match=f"cannot be unpacked: .*{bad.name}"):
        fetched(tmp_path / "model", archive(member("schema.json"), bad))
    assert [path.name for path in tmp_path.rglob("*")] == ["model"]


def test_of_other_bytes_nothing_is_unpacked(tmp_path):
    changed = lying(archive(member("schema.json")))
    with pytest.raises(ArtifactError, match=f"has SHA-256 .*, and SLIPWAY_ARTIFACT_SHA256 says {DIGEST}"):
        fetch(Source("s3://bucket/key", DIGEST), tmp_path / "model", changed)
    assert list((tmp_path / "model").iterdir()) == []


def test_what_is_no_archive_or_half_of_one_is_told_and_nothing_of_it_stays(tmp_path):
    whole = archive(member("model.onnx"), content=os.urandom(100_000))
    for damaged in (b"no archive", whole[:50_000]):
        with pytest.raises(ArtifactError, match="cannot be unpacked"):
            fetched(tmp_path / "model", damaged)
        assert list((tmp_path / "model").iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "model").write_bytes(b"a file")
    with pytest.raises(ArtifactError, match=r"could not be fetched: .*exists"):
        fetched(tmp_path / "model", archive(member("schema.json")))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SLIPWAY_ARTIFACT": "s3://bucket/key"}, "SLIPWAY_ARTIFACT_SHA256"),
        ({"SLIPWAY_ARTIFACT_SHA256": DIGEST}, "SLIPWAY_ARTIFACT is"),
        ({"SLIPWAY_ARTIFACT": "https://a/key", "SLIPWAY_ARTIFACT_SHA256": DIGEST}, "SLIPWAY_ARTIFACT is"),
        ({"SLIPWAY_ARTIFACT": "s3://bucket/key", "SLIPWAY_ARTIFACT_SHA256": "A" * 64}, "SHA256"),
    ],
)
def test_nothing_is_fetched_that_cannot_be_compared(given, named):
    with pytest.raises(SettingsError, match=named):
        from_environment(given)


def test_without_an_order_nothing_is_fetched():
    assert source({"SLIPWAY_ARTIFACT": "", "SLIPWAY_ARTIFACT_SHA256": ""}) is None
