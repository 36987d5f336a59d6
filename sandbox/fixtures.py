"""pytest fixtures for tests that want an AWS. In a conftest.py: `pytest_plugins = ["sandbox.fixtures"]`.

    def test_a_rollback_is_noticed(aws_sandbox, aws_faults):
        aws_faults("silent_rollback", endpoint="delays-prod")
        aws_sandbox.client("sagemaker").update_endpoint(...)

pytest itself is not among the sandbox's requirements.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.testing import SandboxHandle, start


@pytest.fixture(scope="session")
def aws_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    """One running sandbox for all tests of a process, in which a minute of waiting takes half a second."""
    with start(tmp_path_factory.mktemp("aws") / "sandbox", time_scale=120) as handle:
        yield handle


@pytest.fixture
def aws_faults(aws_sandbox: SandboxHandle) -> Iterator[Callable[..., dict[str, Any]]]:
    """Asks for faults, as `SandboxHandle.faults` does; those that still wait are forgotten after the test."""
    yield aws_sandbox.faults
    aws_sandbox.clear_faults()
