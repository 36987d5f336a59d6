"""Containers come, crash, drain and go, and none is left behind, however the sandbox ends."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control.home import process_alive
from sandbox.serving.engines import arguments
from sandbox.serving.engines.engine import Engine
from sandbox.testing import SandboxHandle, launch, start
from tests.container.base import Base, delete_storage
from tests.container.image import push_on
from tests.sandbox.images import push_image
from tests.sandbox.world import World, wait_for

pytestmark = [pytest.mark.sandbox, pytest.mark.container]


def containers(engine: Engine, home: Path) -> list[str]:
    """The ids of a home's containers, whether they run or not."""
    return engine.run(arguments.list_of(str(home))).split()


def root_folder(engine: Engine, container: str) -> str:
    """Where the root file system of a container that runs is mounted."""
    return engine.run(["container", "inspect", "--format", "{{.GraphDriver.Data.MergedDir}}", container])


def one(world: World, endpoint: str) -> dict[str, Any]:
    """The one instance of an endpoint."""
    [found] = world.instances(endpoint)
    return found


def healthy_again(world: World, endpoint: str, before: dict[str, Any]) -> dict[str, Any]:
    """The instance once another process serves in its place."""
    return wait_for(
        lambda: (i := one(world, endpoint))["healthy"] and i["pid"] != before["pid"] and i, "a new container"
    )


def test_a_container_that_dies_is_replaced(world: World, engine: Engine) -> None:
    endpoint = world.endpoint()
    before = one(world, endpoint)
    os.kill(before["pid"], signal.SIGKILL)
    after = healthy_again(world, endpoint, before)
    assert after["restarts"] == 1
    assert world.version(endpoint) == "1"
    names = engine.run(["ps", "--all", "--format", "{{.Names}}"]).split()
    assert [name for name in names if before["id"] in name] == [f"slipway-{before['id']}-1"]


def test_a_crash_is_seen_however_long_the_path_of_the_storage_is(
    engine: Engine, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """podman waits for ever where the paths of its sockets get too long."""
    storage = tmp_path / ("long" * 30) / "storage"
    monkeypatch.setenv("SLIPWAY_CONTAINER_STORAGE", str(storage))
    (tmp_path / "files").mkdir()
    try:
        with start(tmp_path / "home", runtime="container", time_scale=120) as sandbox:
            world = World(sandbox, tmp_path / "files", push=push_on(base.layout))
            endpoint = world.endpoint()
            before = one(world, endpoint)
            os.kill(before["pid"], signal.SIGKILL)
            healthy_again(world, endpoint, before)
    finally:
        delete_storage(storage)


def test_a_crash_that_was_asked_for_ends_the_container(world: World) -> None:
    endpoint = world.endpoint()
    before = one(world, endpoint)
    world.sandbox.faults("crash_after", endpoint=endpoint, requests=1)
    with pytest.raises(world.runtime.exceptions.ModelError):
        world.invoke(endpoint)
    assert not process_alive(before["pid"])
    healthy_again(world, endpoint, before)
    assert world.version(endpoint) == "1"


def test_what_it_prints_reaches_the_logs(world: World) -> None:
    endpoint = world.endpoint()
    world.invoke(endpoint, "print from within")
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    logs = world.sandbox.client("logs")

    def printed() -> bool:
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return False
        events = logs.filter_log_events(logGroupName=group)["events"]
        return any("from within" in event["message"] for event in events)

    wait_for(printed, "the line in the log")


def test_its_cpu_and_memory_are_measured(world: World) -> None:
    endpoint = world.endpoint()
    world.sandbox.advance_clock(60)
    cloudwatch = world.sandbox.client("cloudwatch")

    def memory() -> Any:
        world.sandbox.advance_clock(60)
        return cloudwatch.list_metrics(
            MetricName="MemoryUtilization", Dimensions=[{"Name": "EndpointName", "Value": endpoint}]
        )["Metrics"]

    wait_for(memory, "a measure")


def test_an_update_under_load_drops_no_request(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("1", count=2))
    over, seen, faults = threading.Event(), set(), []

    def call() -> None:
        while not over.is_set():
            try:
                seen.add(world.invoke(endpoint, "sleep 0.05")["version"])
            except Exception as error:
                faults.append(repr(error))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    old = world.instances(endpoint)
    assert world.update(endpoint, world.simple_config("2", count=2))["EndpointStatus"] == "InService"
    wait_for(lambda: not any(process_alive(i["pid"]) for i in old), "the old containers to end")
    over.set()
    for caller in callers:
        caller.join()
    assert faults == []
    assert seen == {"1", "2"}


def test_an_image_without_a_python_of_its_own_is_refused_with_a_reason(world: World) -> None:
    digest = push_image(world.uri, world.folder, tag="process", label="slipway.runtime=process")
    model = world.model(image=f"{world.uri}@{digest}")
    name, config = world.name("endpoint"), world.config(world.variant(model))
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    found = world.settled(name)
    assert found["EndpointStatus"] == "Failed"
    assert "slipway.runtime=process" in found["FailureReason"]
    assert "slipway:image" in found["FailureReason"]


@pytest.fixture
def own(engine: Engine, base: Base, tmp_path: Path) -> Iterator[World]:
    """A sandbox that the test may kill."""
    sandbox = launch(tmp_path / "home", runtime="container", time_scale=120)
    (tmp_path / "files").mkdir()
    try:
        yield World(sandbox, tmp_path / "files", push=push_on(base.layout))
    finally:
        sandbox.stop()
        engine.sweep(str(sandbox.home))


def _kill_sandbox(sandbox: SandboxHandle) -> None:
    os.kill(sandbox.record["pid"], signal.SIGKILL)


def _kill_supervisor(sandbox: SandboxHandle) -> None:
    os.kill(sandbox.record["supervisor_pid"], signal.SIGKILL)


def _terminate(sandbox: SandboxHandle) -> None:
    os.kill(sandbox.record["pid"], signal.SIGTERM)


@pytest.mark.parametrize(
    "end", [_terminate, _kill_sandbox, _kill_supervisor], ids=["term", "sandbox", "supervisor"]
)
@pytest.mark.parametrize("stubborn", ["", "yes"], ids=["", "stubborn"])
def test_no_container_is_left_when_the_sandbox_ends(
    own: World, engine: Engine, end: Any, stubborn: str
) -> None:
    endpoint = own.endpoint(own.simple_config(count=2, STUBBORN=stubborn))
    pids = [instance["pid"] for instance in own.instances(endpoint)]
    home = own.sandbox.home
    found = containers(engine, home)
    assert len(found) == len(pids) == 2
    roots = [root_folder(engine, name) for name in found]
    assert all(map(os.path.ismount, roots))
    end(own.sandbox)
    wait_for(lambda: not containers(engine, home), "no container")
    wait_for(lambda: not any(map(process_alive, [*pids, own.sandbox.record["supervisor_pid"]])), "no process")
    assert not any(map(os.path.ismount, roots))


def test_what_was_killed_with_its_supervisor_is_swept_by_the_next_one(
    own: World, engine: Engine, tmp_path: Path
) -> None:
    endpoint = own.endpoint()
    pid = one(own, endpoint)["pid"]
    [root] = [root_folder(engine, name) for name in containers(engine, own.sandbox.home)]
    # stopped first, so that neither sees the other's end
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for name in ("pid", "supervisor_pid"):
            os.kill(own.sandbox.record[name], number)
    own.sandbox.process.wait()
    assert process_alive(pid)
    launch(own.sandbox.home, runtime="container").stop()
    assert containers(engine, own.sandbox.home) == []
    assert not process_alive(pid)
    assert not os.path.ismount(root)
