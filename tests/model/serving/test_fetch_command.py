"""`serve fetch`, as an init container runs it: a command, an environment, and a real S3."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from sandbox.testing import start
from tests.model.serving.archives import archive, member
from tests.model.serving.running import ENTRY

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

BUCKET = "slipway-prod-models"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with start(tmp_path_factory.mktemp("aws") / "sandbox") as handle:
        handle.client("s3").create_bucket(Bucket=BUCKET)
        yield handle


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command in an environment."""
    return subprocess.run(
        [sys.executable, ENTRY, "fetch"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class Volume:
    """The model's volume of a pod, and what lies in S3."""

    def __init__(self, sandbox, folder: Path) -> None:
        self.folder, self._sandbox = folder, sandbox
        folder.mkdir()

    def fetch(self, content: bytes, sha256: str = "", key: str = "model.tar.gz") -> int:
        """Put an archive into S3 and run the program for it; the exit code."""
        if content:
            self._sandbox.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
        given = {
            "SLIPWAY_ARTIFACT": f"s3://{BUCKET}/{key}",
            "SLIPWAY_ARTIFACT_SHA256": sha256 or hashlib.sha256(content).hexdigest(),
            "SM_MODEL_DIR": str(self.folder),
        }
        done = run({**self._sandbox.env, **given})
        self.said = done.stdout + done.stderr
        return done.returncode

    @property
    def files(self) -> dict[str, bytes]:
        """What is in the volume."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def volume(sandbox, tmp_path):
    return Volume(sandbox, tmp_path / "model")


def test_the_released_bytes_are_unpacked_and_nothing_else_is_left(volume):
    content = archive(member("code", tarfile.DIRTYPE), member("model.onnx"), member("a/b/schema.json"))
    assert volume.fetch(content) == 0, volume.said
    assert volume.files == {"model.onnx": b"a graph", "a/b/schema.json": b"a graph"}
    assert oct((volume.folder / "model.onnx").stat().st_mode)[-3:] == "444"


def test_bytes_that_were_not_released_are_not_unpacked(volume):
    sha256 = hashlib.sha256(b"what was proven").hexdigest()
    assert volume.fetch(archive(member("model.onnx")), sha256) == 1
    assert sha256 in volume.said
    assert "not what was released" in volume.said
    assert volume.files == {}


def test_what_an_earlier_run_left_is_gone(volume):
    (volume.folder / "old").mkdir()
    (volume.folder / "old" / "model.onnx").write_bytes(b"another model")
    (volume.folder / ".model.tar.gz").write_bytes(b"half of it")
    assert volume.fetch(archive(member("model.onnx"))) == 0, volume.said
    assert set(volume.files) == {"model.onnx"}


@pytest.mark.parametrize(
    "bad",
    [
        member("/etc/passwd"),
        member("a/../../out"),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("hard", tarfile.LNKTYPE, "model.onnx"),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda each: each.name,
)
def test_no_archive_writes_outside_the_volume_nor_leaves_a_link(volume, bad):
    assert volume.fetch(archive(member("model.onnx"), bad)) == 1
    assert bad.name in volume.said
    assert list(volume.folder.iterdir()) == []
    assert {path.name for path in volume.folder.parent.iterdir()} == {"model"}


def test_what_is_no_archive_or_half_of_one_is_refused(volume):
    whole = archive(member("model.onnx"), content=os.urandom(100_000))
    for damaged in (b"no archive", whole[:50_000]):
        assert volume.fetch(damaged) == 1
        assert "cannot be unpacked" in volume.said
        assert volume.files == {}


def test_an_object_that_is_not_there_is_said_with_what_to_look_at(volume):
    assert volume.fetch(b"", "a" * 64, key="none.tar.gz") == 1
    assert "could not be fetched" in volume.said
    assert "s3:GetObject" in volume.said


def test_without_an_artifact_there_is_nothing_to_fetch():
    done = run({})
    assert (done.returncode, "Neither SLIPWAY_ARTIFACT nor" in done.stderr) == (2, True)


def test_a_fetch_that_is_stopped_does_not_end_as_if_the_model_were_there(tmp_path):
    """S3 is a socket that takes the request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        given = {
            "PATH": os.environ["PATH"],
            "SLIPWAY_ARTIFACT": f"s3://{BUCKET}/key",
            "SLIPWAY_ARTIFACT_SHA256": "a" * 64,
            "SM_MODEL_DIR": str(tmp_path / "model"),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
        }
        process = subprocess.Popen([sys.executable, ENTRY, "fetch"], env=given, stderr=subprocess.DEVNULL)
        try:
            silent.settimeout(60)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 143
        finally:
            process.kill()
            process.wait()
