"""The other engine: docker's own client, with docker's daemon or with podman in its place."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.control.home import process_alive
from sandbox.core.settings import SandboxError
from sandbox.serving.engines import arguments
from sandbox.serving.engines.engine import Engine, find_engine
from sandbox.testing import launch
from tests.container.base import base_or_skip, delete_storage, engine_or_skip
from tests.container.image import push_on
from tests.sandbox.world import World, wait_for

pytestmark = [pytest.mark.sandbox, pytest.mark.container]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """docker as the engine; where no daemon answers, podman speaks its API on a socket of its own."""
    if shutil.which("docker") is None:
        pytest.skip("docker is not on PATH")
    monkeypatch.setenv("SLIPWAY_CONTAINER_ENGINE", "docker")
    try:
        yield find_engine()
        return
    except SandboxError:
        monkeypatch.delenv("SLIPWAY_CONTAINER_ENGINE")
        # as with docker, what it holds is not what the other tests' podman holds
        monkeypatch.setenv("SLIPWAY_CONTAINER_STORAGE", str(tmp_path / "storage"))
        podman = engine_or_skip()
    monkeypatch.setenv("SLIPWAY_CONTAINER_ENGINE", "docker")
    address = f"unix://{tmp_path / 'docker.sock'}"
    monkeypatch.setenv("DOCKER_HOST", address)
    command = podman.command(["system", "service", "--time", "0", address])
    with (tmp_path / "service.log").open("wb") as log:
        service = subprocess.Popen(command, env=podman.env, stdout=log, stderr=log)
    try:
        wait_for((tmp_path / "docker.sock").exists, "docker's API")
        yield find_engine()
    finally:
        service.terminate()
        service.wait()
        delete_storage(tmp_path / "storage")


def test_a_container_serves_crashes_comes_again_and_ends_with_a_killed_sandbox(
    docker: Engine, tmp_path: Path, shared_folder: Path
) -> None:
    base = base_or_skip(shared_folder)
    sandbox = launch(tmp_path / "home", runtime="container", time_scale=120)
    try:
        assert (sandbox.record["engine"], sandbox.record["network"]) == ("docker", "published")
        (tmp_path / "files").mkdir()
        world = World(sandbox, tmp_path / "files", push=push_on(base.layout))
        endpoint = world.endpoint()
        assert world.version(endpoint) == "1"
        [before] = world.instances(endpoint)
        name = f"slipway-{before['id']}-0"
        os.kill(int(docker.run(["inspect", "--format", "{{.State.Pid}}", name])), signal.SIGKILL)
        wait_for(lambda: (i := world.instances(endpoint)[0])["healthy"] and i["restarts"] == 1, "a new one")
        assert world.version(endpoint) == "1"
        os.kill(sandbox.record["pid"], signal.SIGKILL)
        wait_for(lambda: not process_alive(sandbox.record["supervisor_pid"]), "the supervisor to end")
        assert docker.run(arguments.list_of(str(sandbox.home))) == ""
    finally:
        sandbox.stop()
        docker.sweep(str(sandbox.home))
