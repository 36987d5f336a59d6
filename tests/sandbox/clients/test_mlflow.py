"""mlflow's SageMaker deployment client creates, updates, predicts and deletes."""

import json
from pathlib import Path

import pytest

from tests.sandbox.clients.environments import MLFLOW, PROGRAMS, clean_environment, installed, run
from tests.sandbox.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


def test_the_life_of_a_deployment(world: World, tmp_path: Path) -> None:
    """mlflow packs a model, makes its own bucket, deploys two releases and cleans up after itself."""
    python = str(installed(MLFLOW) / "python")
    image = f"{world.uri}@{world.digest}"
    command = [python, str(PROGRAMS / "mlflow_deployment.py"), "mlf", image, world.role]
    printed = run(command, clean_environment(world.sandbox.env, tmp_path), tmp_path)

    seen = json.loads(printed.splitlines()[-1])
    assert seen["status"] == "InService"
    assert "mlf" in seen["listed"]
    assert (seen["first"], seen["second"]) == ({"predictions": ["1"]}, {"predictions": ["2"]})
    assert "mlf" not in seen["left"]
    assert world.sagemaker.list_models(NameContains="mlf")["Models"] == []
    assert world.sagemaker.list_endpoint_configs(NameContains="mlf")["EndpointConfigs"] == []
