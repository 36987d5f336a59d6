"""SeldonDeployments: what they hold, by the stage's pins and settings, and Seldon's own rules about them."""

import dataclasses

import pytest
from ruamel.yaml import YAML

from integrations.seldon.export import files
from release.domain.errors import UsageError
from tests.integrations.stages import endpoint_of, exported, pin_of


def deployments(*endpoints):
    """Those of prod, by file."""
    return {name: YAML(typ="safe").load(text) for name, text in files(exported(*endpoints)).items()}


def predictors(*endpoints, file="delays-prod.yaml"):
    return deployments(*endpoints)[file]["spec"]["predictors"]


def container_of(predictor):
    [component] = predictor["componentSpecs"]
    [container] = component["spec"]["containers"]
    return container


def test_live_has_all_traffic_and_one_pod_of_previous_stands_by():
    live, previous = predictors(endpoint_of(1, 2))
    assert (live["traffic"], previous["traffic"]) == (100, 0)
    assert (live["replicas"], previous["replicas"]) == (2, 1)
    assert container_of(live)["image"] == pin_of(1).image
    assert container_of(previous)["image"] == pin_of(2).image
    scaling = live["componentSpecs"][0]["hpaSpec"]
    assert (scaling["minReplicas"], scaling["maxReplicas"]) == (2, 4)
    assert "hpaSpec" not in previous["componentSpecs"][0]


def test_the_way_back_is_the_same_two_predictors_and_gives_previous_the_traffic():
    there = {each["name"]: each for each in predictors(endpoint_of(1, 2))}
    back = {each["name"]: each for each in predictors(endpoint_of(1, 2), file="way-back/delays-prod.yaml")}
    assert set(there) == set(back)
    assert {name: 100 - each["traffic"] for name, each in there.items()} == {
        name: each["traffic"] for name, each in back.items()
    }
    for name, each in there.items():
        assert container_of(each) == container_of(back[name])


def test_no_way_leads_back_to_a_fenced_release():
    fenced = deployments(endpoint_of(1, 2, fenced=True))
    assert set(fenced) == {"delays-prod.yaml"}
    assert len(fenced["delays-prod.yaml"]["spec"]["predictors"]) == 1


@pytest.mark.parametrize("served", [endpoint_of(1, 2), endpoint_of(1, None), endpoint_of(1, 1)])
def test_seldons_own_rules_hold(served):
    """Those that its webhook refuses a deployment by: shares, names, and a container for the graph's node."""
    for deployment in deployments(served).values():
        found = deployment["spec"]["predictors"]
        assert sum(each["traffic"] for each in found) == 100
        assert len({each["name"] for each in found}) == len(found)
        for each in found:
            assert container_of(each)["name"] == each["graph"]["name"]


def test_it_is_asked_for_the_model_by_its_name_where_the_server_listens():
    live = predictors()[0]
    assert live["graph"]["name"] == "delays", "Seldon asks /v2/models/delays/infer"
    assert container_of(live)["ports"] == [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    assert deployments()["delays-prod.yaml"]["spec"]["protocol"] == "v2"


def test_the_container_fetches_the_pinned_bytes_and_is_told_what_they_are():
    live = predictors()[0]
    found = {each["name"]: each["value"] for each in container_of(live)["env"]}
    assert found["SLIPWAY_ARTIFACT"] == pin_of(1).model
    assert found["SLIPWAY_ARTIFACT_SHA256"] == pin_of(1).sha256
    assert "modelUri" not in live["graph"], "Seldon's initializer would fetch it, and compare nothing"


def test_an_image_without_a_base_is_refused_by_its_key():
    with pytest.raises(UsageError, match=r"endpoints\.delays\.live has the runtime `process`"):
        deployments(endpoint_of(runtime="process"))


def test_a_service_whose_name_no_container_has_is_refused():
    served = endpoint_of()
    schema = {**served.live.manifest.input_schema, "service": "Flight_Delays"}
    manifest = served.live.manifest.model_copy(update={"input_schema": schema})
    live = dataclasses.replace(served.live, manifest=manifest)
    with pytest.raises(UsageError, match=r"'Flight_Delays', which comes from the name of the service"):
        deployments(dataclasses.replace(served, live=live))
