"""Jobs in the sandbox that all tests of a worker share."""

import pytest

from tests.sandbox.job_images import Jobs
from tests.sandbox.world import World


@pytest.fixture(scope="session")
def jobs(world: World) -> Jobs:
    """The world with an image for jobs and data in it."""
    return Jobs(world)
