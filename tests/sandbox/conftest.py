"""One real sandbox for all tests of a worker; tests keep apart by the names that they use."""

from collections.abc import Iterator

import pytest

from sandbox.testing import SandboxHandle, start
from tests.sandbox.world import World


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    """A running sandbox in which a minute of SageMaker's waiting takes half a second."""
    with start(tmp_path_factory.mktemp("sandbox") / "home", time_scale=120, ping_timeout=20) as handle:
        yield handle


@pytest.fixture(scope="session")
def world(sandbox: SandboxHandle, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The sandbox with an image, a bucket and a role in it."""
    return World(sandbox, tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "sandbox" in request.fixturenames:
        request.getfixturevalue("sandbox").clear_faults()
