"""What KServe's own controller makes of an export, and what its webhook refuses (`make kserve-tools`).

Etcd, API server, Kubernetes' controllers, KServe's controller and its webhook are real. No kubelet runs: that
a pod serves is said of it. Of Knative its definition of a Service and its rules are there; what it would
answer is said in its place.
"""

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from integrations import folder, formats
from scripts.setup import kserve_tools
from scripts.setup.tools import BIN
from tests.integrations.kserve.controller import choose, kserve, there
from tests.integrations.kubernetes.cluster import Cluster, start, until
from tests.integrations.stages import endpoint_of, exported

pytestmark = [
    pytest.mark.long,
    pytest.mark.sandbox,
    pytest.mark.skipif(not there(), reason="KServe's controller is not there: make kserve-tools"),
]
SERVED = "delays-prod"
MADE = f"{SERVED}-predictor"
PODS = {"serving.kserve.io/inferenceservice": SERVED}
_MEMORY = re.compile(r"(\d+)(Mi|Gi)")
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster with KServe in it."""
    with start(tmp_path_factory.mktemp("cluster")) as made, kserve(made, tmp_path_factory.mktemp("kserve")):
        yield made


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Two exports of a stage: `first`, and `second` after the next release landed."""
    place = tmp_path_factory.mktemp("written")
    for name, endpoint in (("first", endpoint_of(1, None)), ("second", endpoint_of(2, 1))):
        folder.write(place / name, formats.files_of("kserve", exported(endpoint)))
    return place


@pytest.fixture
def namespace(cluster) -> str:
    """A namespace that restricts pods, with the service account that the documentation asks for."""
    name = f"of-{secrets.token_hex(4)}"
    cluster.do("create", "namespace", name)
    cluster.do("label", "namespace", name, RESTRICTED)
    cluster.do("create", "serviceaccount", SERVED, "-n", name)
    return name


def wanted(file: Path) -> Any:
    """The container that the file asks for."""
    [container] = YAML(typ="safe").load(file.read_text())["spec"]["predictor"]["containers"]
    return container


def lost(asked: Any, found: Any, path: str = "") -> Iterator[str]:
    """What of that which was asked for is not there; to objects defaults may have been added."""
    if isinstance(asked, dict) and isinstance(found, dict):
        for key, value in asked.items():
            yield from lost(value, found.get(key), f"{path}.{key}")
    elif isinstance(asked, list) and isinstance(found, list) and len(asked) == len(found):
        for number, (value, there) in enumerate(zip(asked, found, strict=True)):
            yield from lost(value, there, f"{path}[{number}]")
    elif amount(asked) != amount(found):
        yield f"{path}: {asked!r} became {found!r}"


def amount(value: Any) -> Any:
    """A value; of one that is memory the mebibytes: Kubernetes tells 6144Mi as 6Gi."""
    told = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    return int(told[1]) * {"Mi": 1, "Gi": 1024}[told[2]] if told else value


def there_is(cluster: Cluster, namespace: str, kind: str, name: str) -> Any:
    """An object, None where it was not made yet."""
    done = cluster.ask("get", kind, name, "-n", namespace, "-o", "json")
    assert done.status == 0 or "NotFound" in done.err, done.err
    return json.loads(done.out) if done.status == 0 else None


def ready(cluster: Cluster, namespace: str, release: str) -> bool:
    """Whether KServe says so of this release, and nothing else runs."""
    wanted = ",".join(f"{name}={value}" for name, value in PODS.items())
    pods = cluster.get("pods", "-n", namespace, "-l", wanted)["items"]
    service = cluster.get("inferenceservice", SERVED, "-n", namespace)
    conditions = {each["type"]: each["status"] for each in service.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and [release_of(each) for each in pods] == [release] * 2


def release_of(labelled: Any) -> str:
    return labelled["metadata"]["labels"]["slipway/release"]


def apply(cluster: Cluster, namespace: str, file: Path) -> None:
    cluster.do("apply", "--validate=strict", "-n", namespace, "-f", str(file))


def test_a_deployment_runs_what_was_exported_and_releases_follow_each_other(cluster, written, namespace):
    steps = ("first/delays-prod.yaml", "second/delays-prod.yaml", "second/way-back/delays-prod.yaml")
    images = []
    for file in steps:
        apply(cluster, namespace, written / file)
        service = YAML(typ="safe").load((written / file).read_text())
        release = release_of(service)
        until(lambda release=release: ready(cluster, namespace, release), f"{file} is ready")
        [container] = service["spec"]["predictor"]["containers"]
        deployment = cluster.get("deployment", MADE, "-n", namespace)["spec"]["template"]["spec"]
        pods = cluster.get("pods", "-n", namespace, "-l", f"slipway/release={release}")["items"]
        for pod in (deployment, *(each["spec"] for each in pods)):
            assert [*lost([container], pod["containers"])] == []
            assert pod["automountServiceAccountToken"] is False
            assert pod["serviceAccountName"] == SERVED
            assert "initContainers" not in pod
        images.append(container["image"])
    assert images[0] == images[2] != images[1]


def test_the_webhook_refuses_what_kserve_could_not_run(cluster, written, namespace):
    text = (written / "first" / "delays-prod.yaml").read_text()
    wrong = text.replace("minReplicas: 2", "minReplicas: 9")
    assert wrong != text
    done = cluster.ask("apply", "-n", namespace, "-f", "-", given=wrong)
    assert done.status != 0
    assert "inferenceservice.kserve-webhook-server.validator" in done.err
    assert "'MinReplicas' cannot be greater than MaxReplicas" in done.err


@pytest.fixture
def by_knative(cluster):
    """KServe makes Knative Services."""
    choose(cluster, "Serverless")
    yield
    choose(cluster, "RawDeployment")


KNATIVE = "services.serving.knative.dev"


def test_with_knative_a_canary_has_its_share_and_the_file_ends_it(cluster, written, namespace, by_knative):
    live, following = written / "first" / "delays-prod.yaml", written / "second" / "delays-prod.yaml"
    whole = [(True, None, 100)]
    apply(cluster, namespace, live)
    wait_for_split(cluster, namespace, live, whole)
    knative(cluster, namespace, "one")
    share = json.dumps({"spec": {"predictor": {"canaryTrafficPercent": 10}}})
    patch = ("patch", "-f", str(following), "--local", "--type", "merge", "-o", "yaml", "-p", share)
    cluster.do("apply", "-n", namespace, "-f", "-", given=cluster.do(*patch))
    wait_for_split(cluster, namespace, following, [(True, None, 10), (False, "one", 90)])
    knative(cluster, namespace, "two")
    apply(cluster, namespace, following)
    wait_for_split(cluster, namespace, following, whole)
    knative(cluster, namespace, "two")
    back = written / "second" / "way-back" / "delays-prod.yaml"
    apply(cluster, namespace, back)
    wait_for_split(cluster, namespace, back, whole)


def wait_for_split(cluster: Cluster, namespace: str, file: Path, split: list[Any]) -> None:
    """Until the Knative Service that KServe makes of a file splits traffic so; it runs what the file says."""
    asked = wanted(file)

    def made() -> Any:
        service = there_is(cluster, namespace, KNATIVE, MADE)
        if not service or containers(service)[0]["image"] != asked["image"]:
            return None
        traffic = service["spec"]["traffic"]
        found = [(each["latestRevision"], each.get("revisionName"), each["percent"]) for each in traffic]
        return service if found == split else None

    service = until(made, f"{split} of traffic, with the image of {file}")
    assert [*lost([asked], containers(service))] == []
    service.pop("status", None)
    assert refused(service) == ""
    service["spec"]["traffic"][0]["percent"] += 1
    assert "Traffic targets sum to 101, want 100" in refused(service)


def containers(service: Any) -> Any:
    return service["spec"]["template"]["spec"]["containers"]


def refused(service: Any) -> str:
    """Why Knative's webhook would not take a Service, empty where it would."""
    done = subprocess.run(
        [BIN / kserve_tools.KNATIVE_ADMITS.name],
        input=json.dumps(service),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def knative(cluster: Cluster, namespace: str, revision: str) -> None:
    """Say what Knative says when the latest revision serves, and wait until KServe knows it."""
    service = cluster.get(KNATIVE, MADE, "-n", namespace)
    traffic = [{"revisionName": revision} | each for each in service["spec"]["traffic"]]
    url = f"http://{MADE}.{namespace}.svc.cluster.local"
    conditions = ("Ready", "ConfigurationsReady", "RoutesReady")
    status = {
        "observedGeneration": service["metadata"]["generation"],
        "latestCreatedRevisionName": revision,
        "latestReadyRevisionName": revision,
        "conditions": [{"type": each, "status": "True"} for each in conditions],
        "traffic": traffic,
        "url": url,
        "address": {"url": url},
    }
    patch = ("patch", KNATIVE, MADE, "-n", namespace, "--subresource=status", "--type=merge")
    cluster.do(*patch, "-p", json.dumps({"status": status}))

    def known() -> bool:
        found = cluster.get("inferenceservice", SERVED, "-n", namespace)["status"]
        predictor = found.get("components", {}).get("predictor", {})
        return predictor.get("latestReadyRevision") == revision and predictor.get("traffic") == traffic

    until(known, f"KServe knows that {revision} serves")
