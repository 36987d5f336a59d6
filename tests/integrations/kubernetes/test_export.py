"""What a stage is in Kubernetes, by its pins and settings."""

import re
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from integrations.kubernetes.export import files
from release.domain.capture import VARIABLE as CAPTURE
from release.domain.errors import UsageError
from release.domain.exported import exported_release
from release.domain.kubernetes_sizes import pod_size
from tests.integrations.stages import endpoint_of, exported, pin_of


def documents(*endpoints):
    """All YAML files, parsed, by path."""
    yaml = YAML(typ="safe")
    return {
        name: yaml.load(text) for name, text in files(exported(*endpoints)).items() if name.endswith(".yaml")
    }


def pod_of(found, role="live"):
    """The pod of a release, as its overlay says it."""
    return found[f"delays/{role}/release.yaml"]["spec"]["template"]["spec"]


def variables(found):
    """The variables of the live server."""
    [server] = pod_of(found)["containers"]
    return {each["name"]: each["value"] for each in server["env"]}


def test_every_file_of_a_kustomization_is_there_and_every_file_is_of_one():
    found = files(exported(endpoint_of(), endpoint_of(name="fares")))
    yaml, named = YAML(typ="safe"), {"kustomization.yaml"}
    for path in [name for name in found if name.endswith("kustomization.yaml")]:
        folder, value = path.rpartition("/")[0], yaml.load(found[path])
        patches = [patch["path"] for patch in value.get("patches", [])]
        for name in [*value["resources"], *patches]:
            target = f"{folder}/{name}".lstrip("/").replace("/live/../", "/").replace("/previous/../", "/")
            named.add(target if target in found else f"{target}/kustomization.yaml")
    assert named | {"monitoring/kustomization.yaml", "delays/previous/kustomization.yaml"} == set(found) - {
        "fares/previous/kustomization.yaml"
    }


def test_both_containers_are_the_pinned_image_and_the_model_is_compared_with_the_pin():
    pod = pod_of(documents())
    [fetcher], [server] = pod["initContainers"], pod["containers"]
    assert fetcher["image"] == server["image"] == pin_of(1).image
    assert {each["name"]: each["value"] for each in fetcher["env"]} == {
        "SLIPWAY_ARTIFACT": pin_of(1).model,
        "SLIPWAY_ARTIFACT_SHA256": pin_of(1).sha256,
        "SM_MODEL_DIR": "/opt/ml/model",
        "AWS_REGION": "us-east-1",
    }
    assert "SLIPWAY_ARTIFACT" not in variables(documents())
    base = documents()["delays/base/deployment.yaml"]["spec"]["template"]["spec"]
    [fetcher], [server] = base["initContainers"], base["containers"]
    assert (fetcher["args"], server["args"]) == (["fetch"], ["serve"])


def test_both_containers_know_the_region_of_the_bucket():
    pod = pod_of(documents())
    for each in (*pod["initContainers"], *pod["containers"]):
        assert {"name": "AWS_REGION", "value": "us-east-1"} in each["env"]


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"foreign": {"kind": "binary"}}, "has a container that this repository did not build"),
        ({"runtime": "process"}, "has the runtime `process`"),
        ({"fetches": False}, "is of an earlier Slipway"),
    ],
)
def test_what_no_cluster_runs_or_fetches_no_model_is_refused_by_its_key(made, why):
    with pytest.raises(UsageError, match=rf"endpoints\.delays\.live {re.escape(why)}"):
        files(exported(endpoint_of(**made)))
    good, bad = endpoint_of(), endpoint_of(**made)
    with pytest.raises(UsageError, match=rf"endpoints\.delays\.previous {re.escape(why)}"):
        files(exported(replace(good, previous=bad.previous)))


def test_the_way_back_is_an_overlay_and_no_fenced_release_is():
    assert pod_of(documents(), "previous")["containers"][0]["image"] == pin_of(2).image
    fenced = documents(endpoint_of(fenced=True))
    assert "delays/previous/release.yaml" not in fenced
    assert fenced["delays/base/deployment.yaml"]["spec"]["revisionHistoryLimit"] == 0
    assert documents()["delays/base/deployment.yaml"]["spec"]["revisionHistoryLimit"] == 2


def test_bounds_are_an_autoscaler_and_without_a_range_a_number_of_replicas():
    scaled = documents(endpoint_of(instances={"min": 2, "max": 5}))
    spec = scaled["delays/base/autoscaler.yaml"]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    assert "replicas" not in scaled["delays/base/deployment.yaml"]["spec"]
    fixed = documents(endpoint_of(instances={"min": 3, "max": 3}))
    assert "delays/base/autoscaler.yaml" not in fixed
    assert fixed["delays/base/deployment.yaml"]["spec"]["replicas"] == 3


def test_the_selector_is_the_same_for_every_release_and_finds_the_pods():
    [one, other] = [documents(endpoint_of(live=number)) for number in (1, 3)]
    assert one["delays/base/deployment.yaml"] == other["delays/base/deployment.yaml"]
    spec = one["delays/base/deployment.yaml"]["spec"]
    selector = spec["selector"]["matchLabels"]
    assert selector == {"app.kubernetes.io/name": "delays-prod"}
    assert selector.items() <= spec["template"]["metadata"]["labels"].items()
    for name in ("service.yaml", "disruption-budget.yaml", "network-policy.yaml"):
        assert str(selector) in str(one[f"delays/base/{name}"])


def test_a_container_has_nothing_that_the_image_does_without():
    pod = documents()["delays/base/deployment.yaml"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    for each in (*pod["initContainers"], *pod["containers"]):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        }
    [model] = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "model"]
    assert model["readOnly"] is True


def test_workers_are_as_many_as_the_instance_has_vcpus_unless_the_stage_says_otherwise():
    assert variables(documents())["SAGEMAKER_MODEL_SERVER_WORKERS"] == "2"
    own = {"SAGEMAKER_MODEL_SERVER_WORKERS": "1", "PRICE": "5$(HOME)$$"}
    found = variables(documents(endpoint_of(environment=own)))
    assert found["SAGEMAKER_MODEL_SERVER_WORKERS"] == "1"
    assert found["PRICE"] == "5$$(HOME)$$$$"


def test_no_server_may_be_its_role_and_none_keeps_requests_where_the_endpoints_own_are():
    kept = {CAPTURE: '{"percent": 10}', "PRICE": "5"}
    found = documents(endpoint_of(environment=kept))
    metadata = found["delays/live/release.yaml"]["spec"]["template"]["metadata"]
    assert metadata["annotations"] == {"eks.amazonaws.com/skip-containers": "server"}
    assert CAPTURE not in variables(found)
    assert variables(found)["PRICE"] == "5"


def test_a_model_has_room_for_what_it_unpacks_to():
    [volume] = pod_of(documents())["volumes"]
    assert volume == {"name": "model", "emptyDir": {"sizeLimit": "256Mi"}}


@pytest.mark.parametrize(
    ("instance_type", "cpu", "memory"),
    [
        ("ml.m7i.large", ("1500m", "2"), 6),
        ("ml.c6i.2xlarge", ("7500m", "8"), 12),
        ("ml.r5.xlarge", ("3500m", "4"), 24),
        ("ml.t3.medium", ("1500m", "2"), 3),
        ("ml.c5n.large", ("1500m", "2"), 3),
    ],
)
def test_an_instance_type_is_a_request_that_fits_on_its_own_kind_of_node(instance_type, cpu, memory):
    found = pod_of(documents(endpoint_of(type=instance_type)))["containers"][0]["resources"]
    assert (found["requests"]["cpu"], found["limits"]["cpu"]) == cpu
    assert found["requests"]["memory"] == found["limits"]["memory"] == f"{memory * 1024}Mi"


@pytest.mark.parametrize(
    "instance_type",
    [
        *("ml.g5.xlarge", "ml.inf2.xlarge", "ml.p4d.24xlarge", "ml.m6g.large", "ml.t4g.medium"),
        *("ml.c5.axlarge", "ml.m5.0xlarge", "ml.m5.metal", "ml.m5.medium"),
    ],
)
def test_a_type_that_is_no_size_here_is_refused_with_its_key(instance_type):
    with pytest.raises(UsageError, match=re.escape("slipway:endpoints.delays.instances.type")):
        pod_size(instance_type, "slipway:endpoints.delays.instances.type")


def test_a_way_back_of_another_type_is_refused_with_what_ends_that():
    endpoint = endpoint_of()
    assert endpoint.previous is not None
    pin = endpoint.previous.pin.model_copy(update={"type": "ml.g5.xlarge"})
    other = exported_release("prod", "delays", pin, endpoint.previous.manifest)
    with pytest.raises(UsageError) as refused:
        files(exported(replace(endpoint, previous=other)))
    assert "slipway:endpoints.delays.previous" in refused.value.cause
    assert "The next release that lands" in refused.value.next_step


def test_pods_are_put_on_nodes_that_can_run_the_image():
    base = documents()["delays/base/deployment.yaml"]["spec"]["template"]["spec"]
    assert base["nodeSelector"] == {"kubernetes.io/arch": "amd64"}


def test_a_value_that_kustomize_could_not_read_is_refused_with_its_key():
    with pytest.raises(UsageError, match=re.escape("slipway:endpoints.delays.environment.SEPARATOR")):
        documents(endpoint_of(environment={"SEPARATOR": "\x7f"}))
