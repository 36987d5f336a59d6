"""What a pod would do, without a cluster: an exported image fetches its exported model, and serves it.

Commands, image, model and S3 are real; a kubelet is not there. The pod's two containers are run one after the
other as its files say, by the image's own Python and libraries, and its volume is a folder.
"""

import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from scripts.shared.cli import STALE
from tests.end_to_end.world import World
from tests.model.serving.running import Server
from tests.sandbox.images import crane

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


@pytest.fixture(scope="module")
def pod(world: World, on_a_base, fresh):
    """The pod of dev's live release, as its files say it."""
    world.slipway("export", "dev", "--format", "kubernetes")
    world.slipway("export", "dev", "--format", "kubernetes", "--check")
    return read(world)


def read(world: World):
    """The live overlay's pod."""
    place = world.project / "integrations" / "kubernetes" / "stages" / "dev" / "delays"
    spec = YAML(typ="safe").load(place / "live" / "release.yaml")["spec"]["template"]["spec"]
    base = YAML(typ="safe").load(place / "base" / "deployment.yaml")["spec"]["template"]["spec"]
    for kind in ("initContainers", "containers"):
        [container], [same] = spec[kind], base[kind]
        container |= {"args": same["args"], "command": same.get("command", [])}
    return spec


def fetched_by(pod) -> dict[str, str]:
    """The variables of the init container."""
    return {each["name"]: each["value"] for each in pod["initContainers"][0]["env"]}


@dataclass(frozen=True)
class Image:
    """The file system of an image, whose programs run without a container engine."""

    root: Path

    def command(self, container: Mapping[str, Any]) -> list[str]:
        """What a container of a pod starts: the image's entry point, and the container's arguments."""
        assert not container["command"], "the entry point is the image's"
        [loader] = (self.root / "usr/lib").glob("*-linux-gnu/ld-linux-*.so.*")
        python = (self.root / "usr/bin/python3").resolve()
        entry = self.root / "opt/program/serve"
        assert python.is_relative_to(self.root)
        words = [loader, "--library-path", loader.parent, python, "-S", entry, *container["args"]]
        return [str(word) for word in words]

    def environment(self, container: Mapping[str, Any], **here: str) -> dict[str, str]:
        """A container's variables; `here` are those that a node and an account would give it."""
        own = {each["name"]: each["value"].replace("$$", "$") for each in container["env"]}
        return own | {"PYTHONHOME": str(self.root / "usr"), "PYTHONDONTWRITEBYTECODE": "1", **here}


@pytest.fixture(scope="module")
def image(pod, tmp_path_factory) -> Image:
    """That of the pod."""
    folder = tmp_path_factory.mktemp("image")
    crane(["export", pod["containers"][0]["image"], str(folder / "image.tar")])
    with tarfile.open(folder / "image.tar") as tar:
        tar.extractall(folder / "root", filter="tar")  # the base has links to /etc; no module of it is run
    return Image(folder / "root")


def fetch(pod, world: World, image: Image, volume: Path):
    """Run the init container."""
    [container] = pod["initContainers"]
    aws = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    here = {name: world.sandbox.env[name] for name in aws} | {"SM_MODEL_DIR": str(volume)}
    env = image.environment(container, **here)
    return subprocess.run(image.command(container), env=env, capture_output=True, text=True, check=False)


def test_the_image_fetches_its_model_and_answers_its_golden_requests(pod, world, image, tmp_path):
    volume = tmp_path / "model"
    volume.mkdir()
    done = fetch(pod, world, image, volume)
    assert done.returncode == 0, done.stderr
    [container] = pod["containers"]
    here = {"SM_MODEL_DIR": str(volume), "SAGEMAKER_BIND_TO_PORT": "0", "SLIPWAY_BIND_HOST": "127.0.0.1"}
    log = tmp_path / "log"
    with log.open("wb") as out:
        env = image.environment(container, **here)
        process = subprocess.Popen(image.command(container), env=env, stdout=out, stderr=out)
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


def test_a_model_that_was_changed_in_the_bucket_is_not_served(pod, world, image, tmp_path):
    bucket, _, key = fetched_by(pod)["SLIPWAY_ARTIFACT"].removeprefix("s3://").partition("/")
    s3 = world.client("s3")
    before = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=before + b"x")
    try:
        done = fetch(pod, world, image, tmp_path)
        assert done.returncode == 1
        assert "not what was released" in done.stderr
        assert list(tmp_path.iterdir()) == []
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=before)


def test_another_release_makes_the_export_stale_and_the_next_one_is_of_its_model(pod, world, fresh):
    before = fetched_by(pod)["SLIPWAY_ARTIFACT_SHA256"]
    fresh(), fresh()
    world.slipway("export", "dev", "--format", "kubernetes", "--check", expected=STALE)
    world.slipway("export", "dev", "--format", "kubernetes")
    live = world.endpoint("dev").live
    assert live is not None
    assert fetched_by(read(world))["SLIPWAY_ARTIFACT_SHA256"] == live.sha256 != before
