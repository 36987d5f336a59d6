"""Real containers: an engine, a base to build images on, and one sandbox that runs its images on them."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.image.base import make_base
from model.image.errors import BaseImageError, ToolError
from model.image.layout import Layout, read_layout
from sandbox.engines.arguments import Network
from sandbox.engines.engine import Engine, find_engine
from sandbox.settings import SandboxError
from sandbox.testing import SandboxHandle, start
from scripts.image import CACHE
from tests.container.image import push_on
from tests.model.image.images import tool
from tests.sandbox.world import World


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The container engine of this machine, with a way into containers that have no network."""
    try:
        found = find_engine()
    except SandboxError as error:
        pytest.skip(str(error).splitlines()[0])
    if found.network is not Network.NONE:
        pytest.skip("containers without a network can be reached by root with podman only")
    return found


@pytest.fixture(scope="session")
def base(engine: Engine, shared_folder: Path) -> Layout:
    """A base of Debian's packages, made once for all workers in the cache that `./slipway release` uses."""
    made = shared_folder / "base"
    with (shared_folder / "base.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            try:
                made.write_text(str(make_base(CACHE, print, tool("crane")).layout.path))
            except (ToolError, BaseImageError) as error:
                pytest.skip(f"no base: {error.cause}")
    return read_layout(Path(made.read_text()))


@pytest.fixture(scope="module")
def sandbox(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    """A sandbox that runs images in containers."""
    home = tmp_path_factory.mktemp("sandbox") / "home"
    with start(home, runtime="container", time_scale=120) as handle:
        yield handle


@pytest.fixture(scope="module")
def world(sandbox: SandboxHandle, base: Layout, tmp_path_factory: pytest.TempPathFactory) -> World:
    """That sandbox with a tiny image on the base, a bucket and a role."""
    return World(sandbox, tmp_path_factory.mktemp("world"), push=push_on(base))
