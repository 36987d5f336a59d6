"""The judge's service in a cluster: its manifests by the API's schemas, and in a real API server."""

import os

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.integrations.kubernetes.cluster import until
from tests.integrations.kubernetes.test_schemas import VERSIONS, objects, validate

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

DEPLOY = ROOT / "integrations" / "judge_service" / "deploy"
DIGEST = "sha256:" + "a" * 64
IMAGE = f"registry.example/slipway-judge@{DIGEST}"
NAME = "slipway-judge"
LABELS = {"app.kubernetes.io/name": NAME}


@pytest.fixture
def deployed(tmp_path):
    """Writes a kustomization as documents say it; returns its folder."""

    def write(*components):
        name, _, digest = IMAGE.partition("@")
        value = {
            "resources": [_from(tmp_path, DEPLOY)],
            "components": [_from(tmp_path, DEPLOY / each) for each in components],
            "images": [{"name": "slipway.invalid/judge", "newName": name, "digest": digest}],
        }
        with (tmp_path / "kustomization.yaml").open("w") as out:
            YAML().dump(value, out)
        return tmp_path

    return write


def _from(folder, target):
    """The relative path that kustomize wants."""
    return os.path.relpath(target, folder.resolve())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("components", [(), ("prometheus",)])
def test_every_object_is_as_the_schema_says(deployed, tmp_path, version, components):
    count = objects(deployed(*components), tmp_path / "objects.yaml")
    done = validate(tmp_path / "objects.yaml", version)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("passed for resource") == count == 7


@pytest.mark.parametrize("components", [("prometheus",), ()])
def test_an_api_server_takes_it_and_its_pod_is_restricted_and_of_the_pinned_image(
    cluster, deployed, components
):
    cluster.do("apply", "-k", str(deployed(*components)))

    def arguments():
        pods = cluster.get("pods", "-n", "slipway", "-l", f"app.kubernetes.io/name={NAME}")["items"]
        found = [pod["spec"]["containers"][0] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        return len(found) == 1 and found[0]["image"] == IMAGE and found[0]["args"]

    def settled():
        found = arguments()
        return found and ("--pods=$(PODS)" in found) == bool(components)

    until(settled, "a pod of the judge's service")
    for kind in ("service", "networkpolicy", "serviceaccount"):
        assert cluster.get(kind, NAME, "-n", "slipway")["metadata"]["labels"] == LABELS
    may = ("auth", "can-i", "get", "pods", "-n", "slipway", f"--as=system:serviceaccount:slipway:{NAME}")
    assert cluster.ask(*may).out.strip() == "no"
