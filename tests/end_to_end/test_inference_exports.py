"""What a pod of KServe or of Seldon would do, without a cluster: the exported container fetches the release's
artifact itself, and their own clients are answered by it.

Commands, image, model, S3 and clients are real; a kubelet is not there. What the container starts runs with
the image's own packages, and with the arguments and variables of the exported files.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.end_to_end.world import World
from tests.model.serving.open_inference.environments import CLIENTS, python_of
from tests.model.serving.running import Server
from tests.sandbox.images import crane

pytestmark = [pytest.mark.sandbox, pytest.mark.long]
MODEL = "delays"
SECONDS = 60


@dataclass(frozen=True)
class Exports:
    """The files of dev, and the image's file system."""

    world: World
    folder: Path
    image: Path

    def read(self, system: str, file: str = "delays-dev.yaml") -> Any:
        """An exported file."""
        return YAML(typ="safe").load(self.folder / system / "stages" / "dev" / file)

    def container(self, system: str, file: str = "delays-dev.yaml") -> Any:
        """The container that serves live."""
        spec = self.read(system, file)["spec"]
        pod = spec["predictor"] if system == "kserve" else spec["predictors"][0]["componentSpecs"][0]["spec"]
        [container] = pod["containers"]
        return container


@pytest.fixture(scope="module")
def exports(world: World, on_a_base, releases, tmp_path_factory) -> Exports:
    """Of dev after two releases: boosting is live, logistic the way back."""
    for system in ("kserve", "seldon"):
        world.slipway("export", "dev", "--format", system)
    folder = tmp_path_factory.mktemp("image")
    made = Exports(world, world.project / "integrations", folder / "root")
    crane(["export", made.container("kserve")["image"], str(folder / "image.tar")])
    with tarfile.open(folder / "image.tar") as tar:
        tar.extractall(folder / "root", filter="tar")
    return made


@contextmanager
def started(exports: Exports, container: Any, folder: Path) -> Generator[Server]:
    """The container's program: what the cluster would give it is S3, a folder of its own and an address."""
    declared = {each["name"]: each["value"].replace("$$", "$") for each in container["env"]}
    aws = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    given = {name: exports.world.sandbox.env[name] for name in aws} | {"PATH": os.environ["PATH"]}
    given |= {"SM_MODEL_DIR": str(folder / "model"), "SLIPWAY_BIND_HOST": "127.0.0.1"}
    given |= {"SAGEMAKER_BIND_TO_PORT": "0"}
    program, log = exports.image / "opt" / "program" / "serve", folder / "server.log"
    command = [sys.executable, "-S", program, *container["args"]]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=declared | given, stdout=out, stderr=out, cwd=folder)
    try:
        yield Server(process, log)
    finally:
        process.kill()
        process.wait()


def golden(exports: Exports) -> tuple[list[dict[str, Any]], Any]:
    """The rows that were proven with live's release, and what they have to score."""
    ports = exports.world.ports("dev")
    proven, _ = ports.artifacts.golden(ports.artifacts.manifest(live(exports).release))
    asked = [each for each in proven.requests if each.content_type == "application/json"]
    rows = [row for each in asked for row in json.loads(each.body)["instances"]]
    return rows, pytest.approx([score for each in asked for score in each.scores], abs=proven.tolerance)


def live(exports: Exports) -> Any:
    return exports.world.endpoint("dev").live


def assert_what_was_released(exports: Exports, container: Any, folder: Path, trained: Path) -> None:
    """Image and artifact are by digest and checksum the pin's, and the files are those of the training."""
    pin = live(exports)
    digest = crane(["digest", container["image"]]).strip()
    assert container["image"] == pin.image == f"{pin.image.partition('@')[0]}@{digest}"
    variables = {each["name"]: each["value"] for each in container["env"]}
    packed = (trained / "model.tar.gz").read_bytes()
    assert variables["SLIPWAY_ARTIFACT_SHA256"] == pin.sha256 == hashlib.sha256(packed).hexdigest()
    assert variables["SLIPWAY_ARTIFACT"] == pin.model
    with tarfile.open(trained / "model.tar.gz") as archive:
        files = {each.name: archive.extractfile(each) for each in archive if each.isfile()}
        assert files
        for name, file in files.items():
            assert file is not None
            assert (folder / "model" / name).read_bytes() == file.read()


def test_kserves_client_is_answered_by_the_release(exports, trained, tmp_path):
    container, (rows, scores) = exports.container("kserve"), golden(exports)
    with started(exports, container, tmp_path) as server:
        url = f"http://127.0.0.1:{server.wait_ready().port}"
        command = [python_of("kserve"), CLIENTS / "kserve_client.py", url, MODEL, json.dumps(rows)]
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS).stdout
        found = json.loads(told.splitlines()[-1])
        assert (found["live"], found["ready"], found["models"]) == (True, True, [True, False])
        assert found["json"] == scores
        assert found["binary"] == scores
        assert_what_was_released(exports, container, tmp_path, trained["boosting"])
        assert server.stop() == 0, server.log


def test_the_batch_client_of_seldons_mlserver_is_answered_by_the_release(exports, trained, tmp_path):
    container, (rows, scores) = exports.container("seldon"), golden(exports)
    [graph] = [each["graph"] for each in exports.read("seldon")["spec"]["predictors"] if each["traffic"]]
    requests, answers = tmp_path / "requests", tmp_path / "answers"
    python = python_of("mlserver")
    encode = [python, CLIENTS / "mlserver_codec.py", "encode", json.dumps(rows)]
    done = subprocess.run(encode, check=True, capture_output=True, text=True, timeout=SECONDS)
    requests.write_text(done.stdout)
    with started(exports, container, tmp_path) as server:
        asked = [f"127.0.0.1:{server.wait_ready().port}", "-m", graph["name"], "-i", requests, "-o", answers]
        infer = [python.with_name("mlserver"), "infer", "-u", *asked]
        subprocess.run(infer, check=True, capture_output=True, text=True, timeout=SECONDS)
        found = [json.loads(line) for line in answers.read_text().splitlines()]
        assert len(found) == 2
        for answer in found:
            assert answer["outputs"][0]["data"] == scores
        assert_what_was_released(exports, container, tmp_path, trained["boosting"])


@pytest.mark.parametrize("system", ["kserve", "seldon"])
def test_of_bytes_that_were_changed_in_the_bucket_nothing_is_served(exports, system, tmp_path):
    bucket, _, key = live(exports).model.removeprefix("s3://").partition("/")
    s3 = exports.world.client("s3")
    before = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=before + b"\0")
    try:
        with started(exports, exports.container(system), tmp_path) as server:
            assert server.process.wait(SECONDS) == 1, server.log
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=before)
    assert f"has SHA-256 {hashlib.sha256(before + bytes(1)).hexdigest()}" in server.log
    assert "is not what was released" in server.log
    assert "listening" not in server.log
    assert list((tmp_path / "model").iterdir()) == []
