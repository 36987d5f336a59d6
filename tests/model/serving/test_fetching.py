"""What is fetched before serving is what was released, or nothing is unpacked."""

import hashlib
import tarfile
from pathlib import Path

import pytest

from model.serving.errors import ArtifactError, SettingsError
from model.serving.fetching import Source, fetch, source
from model.serving.settings import from_environment

DIGEST = "a" * 64


def archive_of(folder: Path, **files: bytes) -> bytes:
    """A model.tar.gz of these files."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with tarfile.open(folder / "made.tar.gz", "w:gz") as packed:
        for name in files:
            packed.add(folder / name, name)
    return (folder / "made.tar.gz").read_bytes()


def lying(content: bytes):
    """A bucket in which this lies, whatever is asked for."""

    def receive(_uri: str, file: Path) -> str:
        file.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    return receive


def test_what_was_released_is_unpacked_and_nothing_else_is_left(tmp_path):
    content = archive_of(tmp_path, schema=b"{}")
    wanted = Source("s3://bucket/key", hashlib.sha256(content).hexdigest())
    fetch(wanted, tmp_path / "model", lying(content))
    assert [(file.name, file.read_bytes()) for file in (tmp_path / "model").iterdir()] == [("schema", b"{}")]


def test_what_an_earlier_start_left_is_replaced(tmp_path):
    content = archive_of(tmp_path, schema=b"{}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"not ours")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "schema").hardlink_to(elsewhere)
    fetch(Source("s3://bucket/key", hashlib.sha256(content).hexdigest()), tmp_path / "model", lying(content))
    assert (tmp_path / "model" / "schema").read_bytes() == b"{}"
    assert elsewhere.read_bytes() == b"not ours"


def test_nothing_is_unpacked_outside(tmp_path):
    (tmp_path / "outside").write_bytes(b"ours")
    with tarfile.open(tmp_path / "made.tar.gz", "w:gz") as packed:
        packed.add(tmp_path / "outside", "../outside")
    content = (tmp_path / "made.tar.gz").read_bytes()
    (tmp_path / "outside").unlink()
    with pytest.raises(ArtifactError, match="could not be fetched"):
        fetch(Source("s3://b/key", hashlib.sha256(content).hexdigest()), tmp_path / "model", lying(content))
    assert not (tmp_path / "outside").exists()


def test_of_other_bytes_nothing_is_unpacked(tmp_path):
    changed = lying(archive_of(tmp_path, schema=b"{}"))
    with pytest.raises(ArtifactError, match=f"has SHA-256 .*, and SLIPWAY_ARTIFACT_SHA256 says {DIGEST}"):
        fetch(Source("s3://bucket/key", DIGEST), tmp_path / "model", changed)
    assert list((tmp_path / "model").iterdir()) == []


def test_what_is_no_archive_is_told(tmp_path):
    wanted = Source("s3://bucket/key", hashlib.sha256(b"no archive").hexdigest())
    with pytest.raises(ArtifactError, match="could not be fetched"):
        fetch(wanted, tmp_path / "model", lying(b"no archive"))


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
