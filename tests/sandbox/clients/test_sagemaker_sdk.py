"""The SageMaker SDK (`sagemaker.core.resources`) creates, waits, invokes, updates and deletes."""

import json
from pathlib import Path

import pytest

from tests.sandbox.clients.environments import PROGRAMS, SAGEMAKER, clean_environment, installed, run
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def test_the_life_of_an_endpoint(world: World, tmp_path: Path) -> None:
    """Two releases of one endpoint; every description fits the SDK's typed resources."""
    python = str(installed(SAGEMAKER) / "python")
    image = f"{world.uri}@{world.digest}"
    models = [world.artifact("one"), world.artifact("two")]
    command = [python, str(PROGRAMS / "sagemaker_resources.py"), "sdk", image, world.role, *models]
    printed = run(command, clean_environment(world.sandbox.env, tmp_path), tmp_path)

    seen = json.loads(printed[printed.index('{"first"') :])
    assert (seen["status"], seen["image"]) == ("InService", image)
    assert (seen["listed"], seen["models"], seen["configs"]) == (["sdk"], ["sdk-1"], ["sdk-1"])
    assert (seen["first"]["version"], seen["first"]["model"]) == ("1", "one")
    assert (seen["second"]["version"], seen["second"]["model"]) == ("2", "two")
    assert (seen["config"], seen["gone"]) == ("sdk-2", "ValidationException")
    assert world.sagemaker.list_endpoints(NameContains="sdk")["Endpoints"] == []
