"""What is exported for Seldon, compared with the types of its own client (`make seldon-types`)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from integrations.seldon.export import files
from scripts.setup.seldon_types import SELDON
from tests.integrations.stages import endpoint_of, exported

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not SELDON.made(), reason="Seldon's types are not there: make seldon-types"),
]
CHECK = Path(__file__).with_name("published_types.py")
ENDPOINTS = [
    endpoint_of(),
    endpoint_of(previous=None, environment={"A": "b"}),
    endpoint_of(instances={"min": 1, "max": 1, "type": "ml.t2.medium"}),
]


def deployments(*endpoints) -> list[Any]:
    return [YAML(typ="safe").load(text) for text in files(exported(*endpoints)).values()]


def faults(deployment: Any) -> list[str]:
    command = [SELDON.home / "bin" / "python", CHECK]
    done = subprocess.run(
        command, input=json.dumps(deployment), capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_file_is_a_seldon_deployment(endpoint):
    for deployment in deployments(endpoint):
        assert faults(deployment) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda spec: spec["predictors"][0].update(weight=1), "PredictorSpec has no weight"),
        (lambda spec: spec["predictors"][0].update(traffic="100"), "traffic: '100' is no int"),
        (lambda spec: spec.update(predictors={}), "predictors: {} is no list[PredictorSpec]"),
        (lambda spec: pod(spec)["containers"][0]["ports"][0].update(port=1), "ContainerPort has no port"),
    ],
)
def test_what_seldon_does_not_know_is_seen(change, told):
    wrong = deployments()[0]
    change(wrong["spec"])
    assert any(told in fault for fault in faults(wrong)), faults(wrong)


def pod(spec: Any) -> Any:
    return spec["predictors"][0]["componentSpecs"][0]["spec"]
