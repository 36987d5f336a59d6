"""An engine, a base, and for each module a sandbox that runs images in containers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.serving.engines.engine import Engine
from sandbox.testing import SandboxHandle, start
from tests.container.base import Base, base_or_skip, engine_or_skip
from tests.sandbox.world import World


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The container engine."""
    return engine_or_skip()


@pytest.fixture(scope="session")
def base(engine: Engine, shared_folder: Path) -> Base:
    """The base that images are built on."""
    return base_or_skip(shared_folder)


@pytest.fixture(scope="module")
def sandbox(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    """A sandbox that runs images in containers."""
    home = tmp_path_factory.mktemp("sandbox") / "home"
    with start(home, runtime="container", time_scale=120) as handle:
        yield handle


@pytest.fixture(scope="module")
def world(sandbox: SandboxHandle, base: Base, tmp_path_factory: pytest.TempPathFactory) -> World:
    """That sandbox with a tiny image on the base, a bucket and a role."""
    from tests.container.image import push_on  # loads what builds an image

    return World(sandbox, tmp_path_factory.mktemp("world"), push=push_on(base.layout))
