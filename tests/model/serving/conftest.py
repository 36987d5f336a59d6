"""The small model, loaded once for each worker of a run."""

from pathlib import Path

import pytest

from model.serving.models.predictor import Model, load_model
from tests.model.serving.examples import write_artifact


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model's unpacked artifact. Not to be changed: copy it."""
    return write_artifact(tmp_path_factory.mktemp("artifact"))


@pytest.fixture(scope="session")
def toys(artifact: Path) -> Model:
    """The small model, loaded."""
    return load_model(artifact)
