"""The small model, loaded once for each worker of a run."""

from collections.abc import Generator
from pathlib import Path

import pytest

from model.serving.predictor import Model
from tests.model.serving import running
from tests.model.serving.asking import load_model
from tests.model.serving.examples import write_artifact


@pytest.fixture(scope="session", autouse=True)
def _in_containers(request: pytest.FixtureRequest) -> Generator[None]:
    """Servers in containers, where SLIPWAY_TEST_SERVING asks for them."""
    if not running.IN_CONTAINERS:
        yield
        return
    from tests.container.base import base_or_skip, engine_or_skip
    from tests.model.serving import contained
    from tests.model.serving.open_inference import environments

    if any("test_v2_environments" in item.nodeid for item in request.session.items):
        for client in environments.ALL:  # where servers are in containers there is no network to install from
            environments.python_of(client)
    engine, shared = engine_or_skip(), request.getfixturevalue("shared_folder")
    containers = contained.prepare(engine, base_or_skip(shared), shared)
    running.use(containers)
    try:
        yield
    finally:
        engine.sweep(containers.owner)


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model's unpacked artifact. Not to be changed: copy it."""
    return write_artifact(tmp_path_factory.mktemp("artifact"))


@pytest.fixture(scope="session")
def toys(artifact: Path) -> Model:
    """The small model, loaded."""
    return load_model(artifact)
