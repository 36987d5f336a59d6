"""A project of its own for every test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.testing import SandboxHandle
from tests.sandbox.pulumi.engine import Project


@pytest.fixture(scope="session")
def empty_stack(sandbox: SandboxHandle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a stack `dev` that has nothing in it: copied, it saves each test a second."""
    return Project(tmp_path_factory.mktemp("empty"), sandbox).state


@pytest.fixture
def make_project(sandbox: SandboxHandle, tmp_path: Path, empty_stack: Path) -> Callable[..., Project]:
    """Make a project in a folder of this name, with more variables than the sandbox's own."""
    return lambda name="project", **env: Project(tmp_path / name, sandbox, empty_stack, **env)


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """An empty project with a stack `dev`."""
    return make_project()
