"""Registry clients of others push to and pull from ECR's registry: the Python oras client, skopeo, podman."""

import base64
import json
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.sandbox.clients.environments import ORAS, PROGRAMS, clean_environment, installed, run
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def _password(world: World) -> str:
    token = world.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().partition(":")[2]


def _repository(world: World) -> tuple[str, str]:
    """A new repository: the registry's host and port, and its name."""
    name = world.name("artifacts")
    uri = world.ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    return uri.partition("/")[0], name


def test_oras_pushes_and_pulls(world: World, tmp_path: Path) -> None:
    """An artifact of several files comes back as it was, and ECR lists what was pushed."""
    host, name = _repository(world)
    python = str(installed(ORAS) / "python")
    command = [python, str(PROGRAMS / "oras_artifacts.py"), host, name, _password(world)]
    seen = json.loads(run(command, clean_environment(world.sandbox.env, tmp_path), tmp_path).splitlines()[-1])

    assert (seen["same"], seen["tags"]) == ([True, True], ["a1"])
    assert seen["manifest"] == "application/vnd.oci.image.manifest.v1+json"
    [detail] = world.ecr.describe_images(repositoryName=name)["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (seen["pushed"], ["a1"])


def test_skopeo_inspects_and_copies(world: World, tmp_path: Path) -> None:
    """A copy to another repository has the same digest."""
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        pytest.skip("there is no skopeo on PATH")
    host, name = _repository(world)
    env = clean_environment(world.sandbox.env, tmp_path)
    source = f"docker://{world.uri}@{world.digest}"
    credentials = f"AWS:{_password(world)}"
    inspect = [skopeo, "inspect", "--tls-verify=false", "--creds", credentials, source]
    assert json.loads(run(inspect, env, tmp_path))["Digest"] == world.digest
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
    tls = [
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        "--dest-creds",
        credentials,
        "--src-creds",
        credentials,
    ]
    copy = [skopeo, "--policy", str(policy), "copy", *tls, source, f"docker://{host}/{name}:copied"]
    run(copy, env, tmp_path)
    [detail] = world.ecr.describe_images(repositoryName=name)["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (world.digest, ["copied"])


@pytest.fixture
def runroot() -> Generator[str]:
    """A folder for podman's run state: it refuses a path of more than 50 characters."""
    with tempfile.TemporaryDirectory(prefix="podman-") as folder:
        yield folder


def test_podman_pulls_and_pushes(world: World, tmp_path: Path, runroot: str) -> None:
    """What podman pulled, it pushes to another repository under its own tag."""
    podman = shutil.which("podman")
    if podman is None:
        pytest.skip("there is no podman on PATH")
    host, name = _repository(world)
    env = clean_environment(world.sandbox.env, tmp_path)
    store = ["--root", str(tmp_path / "store"), "--runroot", runroot, "--storage-driver=vfs"]
    login = ["login", "--tls-verify=false", "-u", "AWS", "-p", _password(world), host]
    image = f"{world.uri}@{world.digest}"
    for arguments in (
        login,
        ["pull", "--tls-verify=false", image],
        ["push", "--tls-verify=false", image, f"{host}/{name}:from-podman"],
    ):
        run([podman, *store, *arguments], env, tmp_path)
    [detail] = world.ecr.describe_images(repositoryName=name)["imageDetails"]
    assert detail["imageTags"] == ["from-podman"]
