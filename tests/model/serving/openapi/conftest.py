"""Everything that a loaded artifact of several models answers, loaded once for each worker of a run."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.serving.application import Application, Request
from model.serving.service import load_service
from model.serving.transform import PATH, execution_parameters
from tests.model.serving.several import write_several

MAX_BODY = 6 * 1024 * 1024


def answering(folder: Path) -> Application:
    """An application with the routes of the artifact in `folder`."""
    service = load_service(folder, lambda: True, MAX_BODY)
    application = Application(lambda: True, {PATH: execution_parameters(1, MAX_BODY)})
    application.ready(service.predictor, service.handlers)
    return application


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Application:
    """An application of several models."""
    return answering(write_several(tmp_path_factory.mktemp("several")))


@pytest.fixture(scope="session")
def document(application: Application) -> dict[str, Any]:
    """Its OpenAPI document."""
    return json.loads(application.respond(Request("GET", "/openapi.json", {}, b"")).body)
