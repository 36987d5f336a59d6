"""Several small models behind the protocol, loaded once for each worker of a run."""

from pathlib import Path

import pytest

from model.serving.application import Application
from model.serving.models.catalog import load_models
from model.serving.open_inference.routes import OpenInference
from tests.model.serving.several import write_several


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact of several models. Not to be changed: copy it."""
    return write_several(tmp_path_factory.mktemp("several"))


@pytest.fixture(scope="session")
def v2(several: Path) -> Application:
    """An application that speaks the protocol."""
    handle = OpenInference(load_models(several), lambda: True).handle
    return Application(lambda: True, {"/v2/": handle})
