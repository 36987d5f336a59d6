"""The init container's decisions, without S3: what is compared, and what is unpacked."""

import hashlib

import pytest

from integrations.kubernetes import fetch_model
from integrations.kubernetes.fetch_model import Refused
from tests.integrations.kubernetes.archives import archive, member


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """Runs the program as if S3 had answered with these bytes: its exit code, and what it left."""

    def run(content, sha256):
        def fetch(url, file):
            file.write_bytes(content)
            return hashlib.sha256(content).hexdigest()

        monkeypatch.setattr(fetch_model, "fetch", fetch)
        code = fetch_model.main(["s3://bucket/model.tar.gz", sha256, str(tmp_path)])
        return code, sorted(path.name for path in tmp_path.iterdir())

    return run


def test_the_bytes_of_the_release_are_unpacked_and_no_others_are(fetched, capsys):
    content = archive(member("model.onnx"))
    sha256 = hashlib.sha256(content).hexdigest()
    assert fetched(content, sha256) == (0, ["model.onnx"])
    assert fetched(content + b"x", sha256) == (1, [])
    assert "not what was proven" in capsys.readouterr().err


def test_a_path_that_leads_out_is_refused(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(archive(member("../out")))
    (tmp_path / "model").mkdir()
    with pytest.raises(Refused, match="a path that leads out"):
        fetch_model.unpack(file, tmp_path / "model")
