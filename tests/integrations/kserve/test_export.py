"""InferenceServices: what they hold, by the stage's pins and settings."""

import re

import pytest
from ruamel.yaml import YAML

from integrations.kserve.export import files
from release.domain.errors import UsageError
from tests.integrations.stages import endpoint_of, exported, pin_of


def services(*endpoints):
    """Those of prod, by file."""
    return {name: YAML(typ="safe").load(text) for name, text in files(exported(*endpoints)).items()}


def predictor(*endpoints):
    return services(*endpoints)["delays-prod.yaml"]["spec"]["predictor"]


def variables(*endpoints):
    [container] = predictor(*endpoints)["containers"]
    return {each["name"]: each["value"] for each in container["env"]}


def test_live_serves_alone_and_the_way_back_is_the_same_service():
    found = services(endpoint_of(1, 2))
    assert set(found) == {"delays-prod.yaml", "way-back/delays-prod.yaml"}
    live, back = found.values()
    assert live["metadata"]["name"] == back["metadata"]["name"] == "delays-prod"
    for service, number in ((live, 1), (back, 2)):
        [container] = service["spec"]["predictor"]["containers"]
        assert container["image"] == pin_of(number).image
        assert service["metadata"]["labels"]["slipway/release"] == pin_of(number).release
        assert service["spec"]["predictor"]["canaryTrafficPercent"] == 100


def test_no_way_leads_back_to_a_fenced_release():
    assert set(services(endpoint_of(1, 2, fenced=True))) == {"delays-prod.yaml"}


def test_the_container_fetches_the_pinned_bytes_and_is_told_what_they_are():
    found = variables()
    assert (found["SLIPWAY_ARTIFACT"], found["SLIPWAY_ARTIFACT_SHA256"]) == (
        pin_of(1).model,
        pin_of(1).sha256,
    )
    assert found["AWS_REGION"] == "us-east-1"
    assert "STORAGE_URI" not in found, "KServe's initializer would fetch it, and compare nothing"


def test_it_serves_the_open_inference_protocol_where_kserve_looks_for_it():
    [container] = predictor()["containers"]
    assert container["name"] == "kserve-container"
    assert variables()["PROTOCOL"] == "v2"
    [port] = container["ports"]
    assert container["readinessProbe"]["httpGet"] == {
        "path": "/v2/health/ready",
        "port": port["containerPort"],
    }


@pytest.mark.parametrize(
    ("instance", "cores", "memory"),
    [("ml.m7i.large", "2", "6144Mi"), ("ml.c7i.2xlarge", "8", "12288Mi"), ("ml.t2.medium", "2", "3072Mi")],
)
def test_a_pod_has_the_processors_and_memory_of_the_pins_instance(instance, cores, memory):
    served = endpoint_of(live=4, previous=None, type=instance)
    assert predictor(served)["containers"][0]["resources"]["limits"] == {"cpu": cores, "memory": memory}
    assert variables(served)["SAGEMAKER_MODEL_SERVER_WORKERS"] == cores


def test_replicas_are_the_stages_bounds_and_the_pins_variables_stay():
    served = endpoint_of(environment={"A": "b"}, instances={"min": 3, "max": 7})
    assert (predictor(served)["minReplicas"], predictor(served)["maxReplicas"]) == (3, 7)
    assert variables(served)["A"] == "b"


def test_it_runs_as_nobody_and_may_nothing():
    [container] = predictor()["containers"]
    rights = container["securityContext"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["runAsNonRoot"]
    assert rights["readOnlyRootFilesystem"]
    assert not rights["allowPrivilegeEscalation"]


def test_an_image_without_a_base_is_refused_by_its_key():
    with pytest.raises(UsageError, match=r"endpoints\.delays\.live has the runtime `process`"):
        services(endpoint_of(runtime="process"))


def test_a_container_that_compares_nothing_is_refused_by_its_key():
    foreign = {"kind": "probability", "prints_windows": False}
    with pytest.raises(UsageError, match=r"endpoints\.delays\.live has a container"):
        services(endpoint_of(foreign=foreign))


def test_a_variable_that_kserve_reads_for_itself_is_refused_with_its_key():
    with pytest.raises(UsageError, match=re.escape("slipway:endpoints.delays.environment.PROTOCOL")):
        files(exported(endpoint_of(environment={"PROTOCOL": "v1"})))
