"""One sandbox for each file, so that lists and counts are the file's own; one for all that is about jobs."""

from collections.abc import Iterator

import pytest

from sandbox.testing import SandboxHandle, start
from tests.sandbox.conformance.alarms import Alarms
from tests.sandbox.job_images import Jobs
from tests.sandbox.world import World


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    """A running sandbox in which an hour of SageMaker's waiting takes half a minute."""
    with start(tmp_path_factory.mktemp("sandbox") / "home", time_scale=120, ping_timeout=20) as handle:
        yield handle


@pytest.fixture(scope="module")
def world(sandbox: SandboxHandle, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The sandbox with an image, a bucket and a role in it."""
    return World(sandbox, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def alarms(sandbox: SandboxHandle) -> Alarms:
    """Alarms and metrics of the file's own sandbox."""
    return Alarms(sandbox)


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """A sandbox for the jobs of all files, with an image for them and data in it."""
    with start(tmp_path_factory.mktemp("jobs") / "home", time_scale=120) as handle:
        yield Jobs(World(handle, tmp_path_factory.mktemp("world")))
