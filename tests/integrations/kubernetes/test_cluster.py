"""What an API server and its controllers make of an export. No node runs a container here."""

import json
import secrets

import pytest

from integrations.kubernetes.workload import labels
from scripts.setup.kubernetes_tools import SERVICE_MONITOR
from tests.integrations.kubernetes.cluster import until
from tests.integrations.stages import endpoint_of, pin_of

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

DEPLOYMENT = ("deployment", "delays-prod")
LABELS = labels(endpoint_of())


@pytest.fixture
def namespace(cluster):
    """A namespace that takes restricted pods alone."""
    name = f"prod-{secrets.token_hex(4)}"
    cluster.do("create", "namespace", name)
    cluster.do("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    return name


@pytest.fixture
def serving(cluster, namespace):
    """Applies a folder; returns the live image once every pod serves, as a kubelet would say."""

    def serve(folder):
        cluster.do("apply", "-n", namespace, "-k", str(folder))
        return settled(cluster, namespace)

    return serve


def settled(cluster, namespace):
    """Let pods serve until the Deployment is complete; its server's image."""

    def complete():
        cluster.serve(namespace, LABELS)
        found = cluster.get(*DEPLOYMENT, "-n", namespace)
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        counts = [status.get(name) for name in ("replicas", "updatedReplicas", "availableReplicas")]
        return seen and counts == [wanted] * 3 and found

    found = until(complete, f"the Deployment of {namespace} completes")
    return found["spec"]["template"]["spec"]["containers"][0]["image"]


def test_everything_is_taken_and_as_many_pods_are_made_as_the_least(cluster, namespace, serving, written):
    assert serving(written()) == pin_of(1).image
    pods = until(lambda: len(found := cluster.serve(namespace, LABELS)) == 2 and found, "two pods")
    spec = pods[0]["spec"]
    assert {each["image"] for each in (*spec["initContainers"], *spec["containers"])} == {pin_of(1).image}
    assert {volume["name"] for volume in spec["volumes"]} == {"model", "tmp"}
    kinds = ("service", "serviceaccount", "hpa", "pdb", "networkpolicy")
    assert all(cluster.get(kind, "delays-prod", "-n", namespace) for kind in kinds)


def test_a_pod_that_lacks_any_part_of_the_security_context_is_refused_there(cluster, namespace, written):
    cluster.do("apply", "-n", namespace, "-k", str(written()))
    spec = cluster.get(*DEPLOYMENT, "-n", namespace)["spec"]["template"]["spec"]

    def created(pod):
        value = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": pod}
        words = ("create", "-n", namespace, "--dry-run=server", "-f", "-")
        return cluster.ask(*words, given=json.dumps(value))

    assert created(spec).status == 0
    places = [("securityContext", ("runAsNonRoot", "seccompProfile"))]
    places += [("server", ("allowPrivilegeEscalation", "capabilities"))]
    for place, parts in places:
        for part in parts:
            loose = json.loads(json.dumps(spec))
            [server] = loose["containers"]
            del (loose if place == "securityContext" else server)["securityContext"][part]
            refused = created(loose)
            assert refused.status != 0, part
            assert "violates PodSecurity" in refused.err


def test_a_second_apply_changes_nothing(cluster, namespace, serving, written):
    serving(written())
    before = cluster.get(*DEPLOYMENT, "-n", namespace)["metadata"]["generation"]
    cluster.do("apply", "-n", namespace, "-k", str(written()))
    assert cluster.get(*DEPLOYMENT, "-n", namespace)["metadata"]["generation"] == before
    assert cluster.do("diff", "-n", namespace, "-k", str(written())) == ""


def test_undo_goes_back_to_the_release_before_and_so_does_the_overlay(cluster, namespace, serving, written):
    now = written(endpoint_of(live=2, previous=1), name="now")
    assert serving(written(endpoint_of(live=1, previous=None), name="before")) == pin_of(1).image
    assert serving(now) == pin_of(2).image
    cluster.do("rollout", "undo", *DEPLOYMENT, "-n", namespace)
    assert settled(cluster, namespace) == pin_of(1).image
    assert serving(now) == pin_of(2).image
    assert serving(now / "delays" / "previous") == pin_of(1).image


def test_nothing_leads_back_to_a_fenced_release(cluster, namespace, serving, written):
    serving(written(endpoint_of(live=1, previous=2)))
    assert serving(written(endpoint_of(live=2, previous=1, fenced=True), name="fenced")) == pin_of(2).image

    def only_one():
        sets = cluster.get("replicasets", "-n", namespace)["items"]
        return [each["spec"]["template"]["spec"]["containers"][0]["image"] for each in sets] == [
            pin_of(2).image
        ]

    until(only_one, "the fenced release's ReplicaSet goes")
    assert cluster.ask("rollout", "undo", *DEPLOYMENT, "-n", namespace).status != 0


def test_variables_arrive_as_the_data_says(cluster, namespace, written):
    own = {"A": "yes", "B": "0b11", "C": "$(HOME)", "D": "a\nb\n", "E": "1e3", "F": " é "}
    place = written(endpoint_of(environment=own))
    cluster.do("apply", "-n", namespace, "-k", str(place))
    [server] = cluster.get(*DEPLOYMENT, "-n", namespace)["spec"]["template"]["spec"]["containers"]
    found = {each["name"]: each["value"] for each in server["env"]}
    assert {name: found[name] for name in own} == own | {"C": "$$(HOME)"}


def test_what_the_api_does_not_know_is_refused(cluster, namespace, written):
    place = written()
    file = place / "delays" / "base" / "deployment.yaml"
    file.write_text(file.read_text().replace("enableServiceLinks", "enableServiceLink"))
    done = cluster.ask("apply", "-n", namespace, "-k", str(place), "--dry-run=server")
    assert done.status != 0
    assert "enableServiceLink" in done.err


def test_the_operator_is_told_where_metrics_are(cluster, namespace, written):
    if not SERVICE_MONITOR.exists():
        pytest.skip("there is no definition of ServiceMonitor: make kubernetes-tools")
    cluster.do("apply", "--server-side", "-f", str(SERVICE_MONITOR))
    place = written() / "monitoring"
    kind = "servicemonitors.monitoring.coreos.com"
    until(lambda: cluster.ask("get", kind, "-n", namespace).status == 0, "the kind is served")
    cluster.do("apply", "-n", namespace, "-k", str(place))
    file = place / "delays-prod.yaml"
    file.write_text(file.read_text().replace("interval: 15s", "interval: often"))
    assert cluster.ask("apply", "-n", namespace, "-k", str(place)).status != 0
