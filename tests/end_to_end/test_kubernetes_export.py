"""What a pod would do, without a cluster: an exported image fetches its exported model, and serves it.

Commands, image, model and S3 are real; a kubelet is not there. The pod's two containers are run one after the
other as its files say, with the image's own packages, and its volume is a folder.
"""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from scripts.shared.cli import STALE
from tests.end_to_end.world import World
from tests.model.serving.running import Server
from tests.sandbox.images import crane

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


@pytest.fixture(scope="module")
def pod(world: World, fresh):
    """The pod of dev's live release, as its files say it."""
    world.slipway("export", "dev", "--format", "kubernetes")
    world.slipway("export", "dev", "--format", "kubernetes", "--check")
    return read(world)


def read(world: World):
    """The live overlay's pod."""
    place = world.project / "integrations" / "kubernetes" / "stages" / "dev" / "delays"
    return YAML(typ="safe").load(place / "live" / "release.yaml")["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def image(pod, world: World, tmp_path_factory) -> Path:
    """The file system of the pod's image."""
    folder = tmp_path_factory.mktemp("image")
    crane(["export", pod["containers"][0]["image"], str(folder / "image.tar")])
    with tarfile.open(folder / "image.tar") as tar:
        tar.extractall(folder / "root", filter="data")
    return folder / "root"


@pytest.fixture(scope="module")
def python(image) -> list[str]:
    """This Python without this environment's packages."""
    return [sys.executable, "-S"]


def fetch(pod, world: World, image: Path, python: list[str], volume: Path, **changed: str):
    """Run the init container; `changed` are words of its command."""
    [container] = pod["initContainers"]
    program, *words = container["command"][1:]
    root = world.project / "integrations" / "kubernetes" / "stages" / "dev" / "delays" / "base"
    words = [changed.get(word, word) for word in words]
    words[-1] = str(volume)
    env = {"PATH": os.environ["PATH"], **world.sandbox.env}
    env["PYTHONPATH"] = str(image / "opt" / "program" / "dependencies")
    command = [*python, root / Path(program).name, *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_the_image_fetches_its_model_and_answers_its_golden_requests(pod, world, image, python, tmp_path):
    volume = tmp_path / "model"
    volume.mkdir()
    done = fetch(pod, world, image, python, volume)
    assert done.returncode == 0, done.stderr
    own = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    here = {"SM_MODEL_DIR": str(volume), "SAGEMAKER_BIND_TO_PORT": "0", "SLIPWAY_BIND_HOST": "127.0.0.1"}
    log = tmp_path / "log"
    command = [*python, image / "opt" / "program" / "serve", "serve"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**own, **here}, stdout=out, stderr=out)
    try:
        server = Server(process, log).wait_ready()
        ports = world.ports("dev")
        golden, _ = ports.artifacts.golden(ports.artifacts.manifest(world.endpoint("dev").live.release))
        for request in golden.requests:
            scores = server.predict(request.body.encode(), request.content_type)
            assert scores == pytest.approx(request.scores, abs=golden.tolerance)
        assert server.ask("GET", "/metrics")[0] == 200
    finally:
        process.kill()
        process.wait()


def test_a_model_that_was_changed_in_the_bucket_is_not_served(pod, world, image, python, tmp_path):
    bucket, _, key = pod["initContainers"][0]["command"][2].removeprefix("s3://").partition("/")
    s3 = world.client("s3")
    before = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=before + b"x")
    try:
        done = fetch(pod, world, image, python, tmp_path)
        assert done.returncode == 1
        assert "not what was proven" in done.stderr
        assert list(tmp_path.iterdir()) == []
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=before)


def test_another_release_makes_the_export_stale_and_the_next_one_is_of_its_model(pod, world, fresh):
    before = pod["initContainers"][0]["command"][3]
    fresh(), fresh()
    world.slipway("export", "dev", "--format", "kubernetes", "--check", expected=STALE)
    world.slipway("export", "dev", "--format", "kubernetes")
    live = world.endpoint("dev").live
    assert live is not None
    assert read(world)["initContainers"][0]["command"][3] == live.sha256 != before
