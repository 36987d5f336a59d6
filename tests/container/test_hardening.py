"""What a container may and may not, seen from outside: from /proc and the engine, not from the server."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from sandbox.serving.engines.engine import Engine
from sandbox.testing import SandboxHandle
from tests.sandbox.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.container]


@pytest.fixture(scope="module")
def instance(world: World) -> dict[str, Any]:
    """The one running instance of an endpoint."""
    [found] = world.instances(world.endpoint())
    return found


@pytest.fixture(scope="module")
def process(instance: dict[str, Any]) -> Path:
    """Its folder in /proc."""
    return Path(f"/proc/{instance['pid']}")


@pytest.fixture(scope="module")
def inspected(engine: Engine, sandbox: SandboxHandle, instance: dict[str, Any]) -> dict[str, Any]:
    """What the engine says of the container."""
    name = f"slipway-{instance['id']}-0"
    return json.loads(engine.run(["container", "inspect", name]))[0]


def test_it_answers(world: World) -> None:
    assert world.version(world.endpoint(world.simple_config("7"))) == "7"


def test_user_capabilities_and_privileges(process: Path) -> None:
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"0"}, "the tiny image names no user"
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"


def test_the_root_and_the_model_are_read_only_and_tmp_is_small_memory(process: Path) -> None:
    mounts = {
        fields[1]: (fields[2], fields[3].split(","))
        for fields in (line.split() for line in (process / "mounts").read_text().splitlines())
    }
    assert "ro" in mounts["/"][1]
    assert "ro" in mounts["/opt/ml/model"][1]
    assert mounts["/tmp"][0] == "tmpfs"  # noqa: S108 - the container's
    assert {"noexec", "nosuid", "nodev", "size=65536k"} <= set(mounts["/tmp"][1])  # noqa: S108
    writable = {where for where, (_, options) in mounts.items() if "ro" not in options}
    assert {where for where in writable if not where.startswith(("/dev", "/proc", "/sys"))} == {"/tmp"}  # noqa: S108


def test_it_has_a_network_of_its_own_with_nothing_in_it(process: Path, instance: dict[str, Any]) -> None:
    assert (process / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    interfaces = (process / "net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    assert (process / "net/route").read_text().splitlines()[1:] == []
    port = int(instance["url"].rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


def test_limits(inspected: dict[str, Any]) -> None:
    limits = inspected["HostConfig"]
    assert (limits["Memory"], limits["MemorySwap"], limits["PidsLimit"]) == (2 << 30, 2 << 30, 512)
    assert limits["ReadonlyRootfs"] is True
    assert limits["Privileged"] is False


def test_it_is_the_registrys_image_by_digest(world: World, inspected: dict[str, Any]) -> None:
    assert inspected["ImageDigest"] == world.digest
    assert inspected["Config"]["Labels"]["slipway.sandbox"] == str(world.sandbox.home)


def test_the_users_own_storage_is_not_touched(engine: Engine, inspected: dict[str, Any]) -> None:
    assert inspected["GraphDriver"]["Data"]["UpperDir"].startswith(str(engine.storage))
