"""The exported container, started as KServe would: it fetches the model, and KServe's own client is answered.

Its image is not pulled: the program that it starts runs as a process, with the container's arguments,
variables and port. S3 is the sandbox's.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from integrations.kserve.export import files
from release.domain import names
from sandbox.testing import SandboxHandle, start
from tests.integrations.stages import BUCKET, endpoint_of, exported
from tests.model.serving.examples import ROW, UNSEEN, expected
from tests.model.serving.open_inference.environments import CLIENTS, python_of
from tests.model.serving.running import ENTRY, Server
from tests.model.serving.several import write_several

pytestmark = [pytest.mark.long, pytest.mark.sandbox]
ROWS = [ROW | {"size": 3.0}, UNSEEN | {"weight": 0.0}]
SECONDS = 30


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with start(tmp_path_factory.mktemp("sandbox") / "home") as handle:
        handle.client("s3").create_bucket(Bucket=BUCKET)
        yield handle


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An artifact of several models, packed."""
    folder = tmp_path_factory.mktemp("artifact")
    write_several(folder / "files")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as packed:
        packed.add(folder / "files", ".")
    return (folder / "model.tar.gz").read_bytes()


def container_of(content: bytes) -> dict[str, Any]:
    """The predictor's container of an exported stage whose live release has this artifact."""
    sha256 = hashlib.sha256(content).hexdigest()
    endpoint = endpoint_of(model=f"s3://{BUCKET}/{names.model_key(sha256)}", sha256=sha256)
    service = YAML(typ="safe").load(files(exported(endpoint))["delays-prod.yaml"])
    [container] = service["spec"]["predictor"]["containers"]
    return container


def started(container: dict[str, Any], sandbox: SandboxHandle, folder: Path, port: str) -> Server:
    """The container's program: what the cluster would give it is S3, a folder of its own and an address."""
    declared = {each["name"]: each["value"].replace("$$", "$") for each in container["env"]}
    aws = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    given = {name: sandbox.env[name] for name in aws}
    given |= {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))}
    given |= {"SM_MODEL_DIR": str(folder / "model"), "SLIPWAY_BIND_HOST": "127.0.0.1"}
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [ENTRY, *container["args"]],
            env=declared | given | {"SAGEMAKER_BIND_TO_PORT": port},
            stdout=output,
            stderr=output,
            cwd=folder,
        )
    return Server(process, log)


def put(sandbox: SandboxHandle, released: bytes, lying: bytes) -> None:
    key = names.model_key(hashlib.sha256(released).hexdigest())
    sandbox.client("s3").put_object(Bucket=BUCKET, Key=key, Body=lying)


def test_kserves_client_is_answered_by_what_was_fetched(sandbox, archive, tmp_path):
    put(sandbox, archive, archive)
    server = started(container_of(archive), sandbox, tmp_path, "0")
    try:
        server.wait_ready()
        url = f"http://127.0.0.1:{server.port}"
        command = [python_of("kserve"), CLIENTS / "kserve_client.py", url, json.dumps(ROWS)]
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
        found = json.loads(told.splitlines()[-1])
        assert (found["live"], found["ready"], found["models"]) == (True, True, [True, False])
        assert found["json"] == pytest.approx([expected(row) for row in ROWS], abs=1e-6)
        assert found["binary"] == found["json"]
        assert server.stop() == 0, server.log
    finally:
        server.process.kill()
        server.process.wait()


def test_of_bytes_that_were_changed_in_the_bucket_nothing_is_served(sandbox, archive, tmp_path):
    changed = archive + b"\0"
    put(sandbox, archive, changed)
    server = started(container_of(archive), sandbox, tmp_path, "0")
    try:
        assert server.process.wait(SECONDS) == 1, server.log
    finally:
        server.process.kill()
    assert f"has SHA-256 {hashlib.sha256(changed).hexdigest()}" in server.log
    assert "is not what was released" in server.log
    assert "listening" not in server.log
    assert list((tmp_path / "model").iterdir()) == []
