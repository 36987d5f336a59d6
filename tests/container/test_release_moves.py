"""The main job in real containers, on the real engine: build on a base, release, promote, roll back.

The tests of this file build on each other, in order: it is one story.
"""

import json
import os
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo.project import TIME_SCALE, guarded_project
from release.domain.names import repository
from release.domain.stage import EXAMPLES
from sandbox.control.home import process_alive
from sandbox.serving.engines.engine import Engine
from sandbox.testing import start
from tests.container.base import Base
from tests.end_to_end.conftest import Releases
from tests.end_to_end.world import SKIP, World, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.container]

KEY = EXAMPLES["image"].partition(":\n")[0]


@pytest.fixture(scope="module")
def world(engine: Engine, base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A sandbox with the container runtime, and a project whose images are built on the base."""
    folder = tmp_path_factory.mktemp("world")
    project = guarded_project(folder / "project")
    stage = project / "Pulumi.dev.yaml"
    image = f'  {KEY}: {{base: "{base.reference}", python: "{base.python}"}}\n'
    stage.write_text(stage.read_text().replace("config:\n", f"config:\n{image}", 1))
    with start(folder / "home", runtime="container", time_scale=TIME_SCALE) as sandbox:
        yield World(project, sandbox)


@pytest.fixture(scope="module")
def releases(world: World, trained: dict[str, Path]) -> Releases:
    """Both releases, live one after the other in dev: the second is an update of the endpoint."""
    found = [
        world.slipway("release", "--model", os.fspath(trained[kind])).result["release"]
        for kind in ("logistic", "boosting")
    ]
    return Releases(*found)


def image(world: World, stage: str) -> str:
    """The digest of the image that a stage pins."""
    pin = world.endpoint(stage).live
    assert pin is not None
    return pin.digest


def instances(world: World, stage: str) -> list[dict[str, Any]]:
    """The instances that serve a stage."""
    [endpoint] = [e for e in world.sandbox.status()["endpoints"] if e["name"] == f"delays-{stage}"]
    live = [d for d in endpoint["deployments"] if d["role"] == "live"]
    return [i for deployment in live for fleet in deployment["fleets"] for i in fleet["instances"]]


@contextmanager
def load(world: World, stage: str, request: dict[str, Any]) -> Generator[None]:
    """Callers who go on until the block ends; every one of their requests has to be answered."""
    over, counts, faults = threading.Event(), [0] * 4, []

    def call(number: int) -> None:
        runtime = world.sandbox.client("sagemaker-runtime")
        while not over.wait(0.02):  # the commands under test need the cores too
            try:
                runtime.invoke_endpoint(
                    EndpointName=f"delays-{stage}", Body=request["body"], ContentType=request["content_type"]
                )
                counts[number] += 1
            except Exception as error:
                faults.append(repr(error))

    callers = [threading.Thread(target=call, args=(number,)) for number in range(len(counts))]
    for caller in callers:
        caller.start()
    try:
        yield
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert faults == []
    assert min(counts) > 0


@pytest.fixture(scope="module")
def request_(trained: dict[str, Path]) -> dict[str, Any]:
    """One of the golden requests."""
    return json.loads((trained["boosting"] / "golden.json").read_text())["requests"][0]


def test_a_release_is_live_in_dev_and_verified(world: World, releases: Releases) -> None:
    world.assert_clean("dev", serves=releases.second)
    assert world.events("dev").count("landed") == 2


def test_the_containers_are_the_releases_image_and_hardened(
    world: World, engine: Engine, releases: Releases
) -> None:
    [instance] = instances(world, "dev")
    [inspected] = json.loads(engine.run(["container", "inspect", f"slipway-{instance['id']}-0"]))
    assert inspected["ImageDigest"] == image(world, "dev")
    process = Path(f"/proc/{instance['pid']}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"10001"}
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")
    mounts = [line.split() for line in (process / "mounts").read_text().splitlines()]
    assert {fields[3].split(",")[0] for fields in mounts if fields[1] in {"/", "/opt/ml/model"}} == {"ro"}
    assert len((process / "net/dev").read_text().splitlines()) == 3, "two lines of head, and the loopback"
    assert not any((process / "root" / shell).exists() for shell in ("bin/sh", "bin/bash", "usr/bin/dpkg"))


def test_the_variables_alone_lead_plain_boto3_to_the_endpoint(
    world: World, releases: Releases, request_: dict[str, Any]
) -> None:
    answer = world.sandbox.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="delays-dev", Body=request_["body"], ContentType=request_["content_type"]
    )
    assert json.loads(answer["Body"].read())["predictions"] == pytest.approx(request_["scores"], abs=1e-5)


def test_the_same_image_arrives_in_prod(world: World, releases: Releases) -> None:
    assert world.slipway("promote", "dev", "prod", *SKIP).result["release"] == releases.second
    world.assert_clean("prod", serves=releases.second)
    assert image(world, "prod") == image(world, "dev")
    found = world.sandbox.client("ecr").list_images(repositoryName=repository("prod"))["imageIds"]
    assert image(world, "prod") in {entry["imageDigest"] for entry in found}


def test_another_release_and_the_way_back_drop_no_request(
    world: World, releases: Releases, trained: dict[str, Path], request_: dict[str, Any]
) -> None:
    before = [instance["pid"] for instance in instances(world, "prod")]
    with load(world, "prod", request_):
        other = world.slipway("release", "--model", os.fspath(trained["logistic"])).result["release"]
        world.slipway("promote", "dev", "prod", *SKIP)
        world.assert_clean("prod", serves=other)
        wait_until(lambda: not any(map(process_alive, before)), "the old containers end")
        assert world.slipway("rollback", "prod").result["release"] == releases.second
    world.assert_clean("prod", serves=releases.second)


def test_a_crashed_container_is_replaced(world: World, releases: Releases, request_: dict[str, Any]) -> None:
    before = instances(world, "prod")[0]
    os.kill(before["pid"], signal.SIGKILL)

    def replaced() -> bool:
        now = next(i for i in instances(world, "prod") if i["id"] == before["id"])
        return now["healthy"] and now["pid"] != before["pid"]

    wait_until(replaced, "another container")
    with load(world, "prod", request_):
        world.assert_clean("prod", serves=releases.second)
