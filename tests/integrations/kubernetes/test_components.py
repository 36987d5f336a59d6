"""The exports for Argo Rollouts and Flagger beside the format `kubernetes`, as kustomize joins them."""

import subprocess

import pytest
from ruamel.yaml import YAML

from integrations import folder, formats
from tests.integrations.kubernetes.cluster import program
from tests.integrations.stages import endpoint_of, exported

NAME = "delays-prod"
RANGE, FIXED = {"min": 2, "max": 4}, {"min": 3, "max": 3}


@pytest.fixture
def together(tmp_path):
    """The objects of `kubernetes` with a component beside it, by kind."""

    def make(component, instances, overlay=""):
        for name in ("kubernetes", component):
            files = formats.files_of(name, exported(endpoint_of(instances=instances)))
            folder.write(tmp_path / name / "stages" / "prod", files)
        place = tmp_path / "serving"
        place.mkdir()
        whole = {
            "namespace": "serving",
            "resources": [f"../kubernetes/stages/prod{overlay}"],
            "components": [f"../{component}/stages/prod"],
        }
        with (place / "kustomization.yaml").open("w") as out:
            YAML().dump(whole, out)
        command = [program("kubectl"), "kustomize", place]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        objects = list(YAML(typ="safe").load_all(made.stdout))
        assert {each["metadata"]["namespace"] for each in objects} == {"serving"}
        return {each["kind"]: each for each in objects if each["metadata"]["name"] == NAME}

    return make


@pytest.mark.parametrize("overlay", ["", "/delays/previous"], ids=["live", "previous"])
def test_under_argo_an_autoscaler_scales_the_rollout(together, overlay):
    found = together("argo", RANGE, overlay)
    target = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    rollout = found["Rollout"]
    assert target == {"apiVersion": rollout["apiVersion"], "kind": "Rollout", "name": NAME}
    assert "replicas" not in found["Deployment"]["spec"]
    assert "replicas" not in rollout["spec"]


def test_under_argo_a_fixed_number_of_pods_is_the_rollouts(together):
    found = together("argo", FIXED)
    assert "replicas" not in found["Deployment"]["spec"]
    assert found["Rollout"]["spec"]["replicas"] == FIXED["min"]


@pytest.mark.parametrize("instances", [RANGE, FIXED])
def test_under_flagger_both_fleets_are_covered_and_the_service_is_its_own(together, instances):
    found = together("flagger", instances)
    assert "Service" not in found
    fleets = [{"key": "app.kubernetes.io/name", "operator": "In", "values": [NAME, f"{NAME}-primary"]}]
    assert found["NetworkPolicy"]["spec"]["podSelector"] == {"matchExpressions": fleets}
    assert found["PodDisruptionBudget"]["spec"]["selector"] == {"matchExpressions": fleets}
    scaler = found["Canary"]["spec"].get("autoscalerRef", {}).get("name")
    assert scaler == (NAME if instances is RANGE else None)
    assert ("replicas" in found["Deployment"]["spec"]) == (instances is FIXED)
