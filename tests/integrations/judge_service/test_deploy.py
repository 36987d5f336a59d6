"""The manifests that deploy the service, as values: they say what the exports and the service ask for."""

import re
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from integrations.judge_service.settings import parse
from model.image.description import USER
from release.domain.judge_service import ADDRESS, PORT
from release.domain.policy import Policy

DEPLOY = Path("integrations/judge_service/deploy")


def loaded(file):
    return YAML(typ="safe").load((DEPLOY / file).read_text())


@pytest.fixture
def pod():
    return loaded("deployment.yaml")["spec"]["template"]


@pytest.fixture
def arguments(pod, tmp_path):
    """What a pod gives the service, with its folders here."""
    settings = loaded("kustomization.yaml")["configMapGenerator"][0]
    values = dict(each.split("=", 1) for each in settings["literals"])
    [container] = pod["spec"]["containers"]
    here = [each.replace("/settings/", f"{DEPLOY}/") for each in container["args"]]
    return [re.sub(r"\$\((\w+)\)", lambda name: values[name[1]], each) for each in here]


def test_the_service_is_at_the_address_that_the_exports_ask():
    service, whole = loaded("service.yaml"), loaded("kustomization.yaml")
    [port] = service["spec"]["ports"]
    host = f"{service['metadata']['name']}.{whole['namespace']}.svc"
    assert f"http://{host}:{port['port']}" == ADDRESS
    assert loaded("namespace.yaml")["metadata"]["name"] == whole["namespace"]


def test_the_service_takes_the_arguments_and_the_settings(arguments):
    told = parse(arguments)
    assert (told.folder, told.host, told.port) == (Path("/evidence"), "0.0.0.0", PORT)  # noqa: S104
    assert told.policy == Policy()


def test_what_is_kept_fits_into_the_claim(arguments):
    told, claim = parse(arguments), loaded("evidence.yaml")["spec"]["resources"]["requests"]["storage"]
    assert told.most_bytes * told.most_rollouts < int(claim.removesuffix("Gi")) * 2**30


def test_counters_of_a_prometheus_take_the_place_of_windows(arguments):
    component = loaded("prometheus/kustomization.yaml")
    values = dict(each.split("=", 1) for each in component["configMapGenerator"][0]["literals"])
    changes = YAML(typ="safe").load(component["patches"][0]["patch"])
    more = [each["value"] for each in changes if each["path"].endswith("/args/-")]
    more = [re.sub(r"\$\((\w+)\)", lambda name: values[name[1]], each) for each in more]
    source = parse([*arguments, *shlex.split(" ".join(more))]).prometheus
    assert source is not None
    assert source.address == values["PROMETHEUS"]


def test_whoever_applies_it_without_an_image_starts_nothing(pod):
    [container] = pod["spec"]["containers"]
    assert container["image"].partition("/")[0].endswith(".invalid")


def test_it_runs_as_the_images_user_and_has_no_token(pod):
    user = int(USER.partition(":")[0])
    spec = pod["spec"]
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["fsGroup"]) == (user, user)
    assert spec["automountServiceAccountToken"] is False
    assert loaded("service-account.yaml")["automountServiceAccountToken"] is False


def test_only_controllers_and_a_log_shipper_reach_it_and_it_reaches_nobody():
    spec = loaded("network-policy.yaml")["spec"]
    [rule] = spec["ingress"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "egress" not in spec
    assert [port["port"] for port in rule["ports"]] == [PORT]
    assert all(each["namespaceSelector"]["matchLabels"] for each in rule["from"])
