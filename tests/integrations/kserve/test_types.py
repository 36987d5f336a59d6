"""What is exported for KServe, compared with KServe's own published types (`make kserve-types`)."""

import copy

import pytest
from ruamel.yaml import YAML

from integrations.kserve.export import files
from scripts.setup import kserve_types
from tests.integrations.stages import endpoint_of, exported
from tests.integrations.structural import faults

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not kserve_types.there(), reason="KServe's types are not there: make kserve-types"),
]
ENDPOINTS = [
    endpoint_of(),
    endpoint_of(previous=None, environment={"A": "b"}),
    endpoint_of(instances={"min": 1, "max": 1, "type": "ml.t2.medium"}),
]


@pytest.fixture(scope="module")
def definition():
    return YAML(typ="safe", pure=False).load(kserve_types.TYPES.read_text())


def service(endpoint=None):
    return YAML(typ="safe").load(next(iter(files(exported(endpoint or endpoint_of())).values())))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_file_is_an_inference_service(definition, endpoint):
    for text in files(exported(endpoint)).values():
        assert faults(YAML(typ="safe").load(text), definition) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda predictor: predictor.update(canaryTraffic=1), "canaryTraffic"),
        (lambda predictor: predictor.update(minReplicas="1"), "minReplicas"),
        (lambda predictor: predictor["containers"][0].pop("name"), '"name" is a required property'),
        (lambda predictor: predictor["containers"][0]["ports"].append({"containerPort": 8080}), "twice"),
        (lambda predictor: predictor["containers"][0]["securityContext"].update(user=1), "user"),
    ],
)
def test_what_kserve_would_not_take_is_seen(definition, change, told):
    wrong = copy.deepcopy(service())
    change(wrong["spec"]["predictor"])
    assert any(told in fault for fault in faults(wrong, definition)), faults(wrong, definition)
