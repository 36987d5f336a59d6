"""What an API server and its controllers make of an export, on a node that says that pods are ready."""

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
    """Applies a folder; returns the server's image once the rollout is complete."""

    def serve(folder):
        cluster.do("apply", "-n", namespace, "-k", str(folder))
        return settled(cluster, namespace)

    return serve


def settled(cluster, namespace):
    """Wait for the Deployment as documents say it; its server's image, which every pod has."""
    cluster.do("rollout", "status", "-n", namespace, "/".join(DEPLOYMENT), "--timeout=120s")
    spec = cluster.get(*DEPLOYMENT, "-n", namespace)["spec"]["template"]["spec"]

    def one_image():
        return {pod["spec"]["containers"][0]["image"] for pod in ready(cluster, namespace)}

    [server] = spec["containers"]
    until(lambda: one_image() == {server["image"]}, "the pods of before are gone")
    return server["image"]


def ready(cluster, namespace):
    """The endpoint's pods that a Service would ask."""
    wanted = ",".join(f"{name}={value}" for name, value in LABELS.items())
    pods = cluster.get("pods", "-n", namespace, "-l", wanted)["items"]
    return [pod for pod in pods if ("Ready", "True") in conditions(pod)]


def conditions(found):
    """What an object's status says of it: types with their states."""
    return [(each["type"], each["status"]) for each in found.get("status", {}).get("conditions", [])]


def test_everything_is_taken_and_as_many_pods_serve_as_the_least(cluster, namespace, serving, written):
    assert serving(written()) == pin_of(1).image
    pods = until(lambda: len(found := ready(cluster, namespace)) == 2 and found, "two pods serve")
    spec = pods[0]["spec"]
    assert {each["image"] for each in (*spec["initContainers"], *spec["containers"])} == {pin_of(1).image}
    assert {volume["name"] for volume in spec["volumes"]} == {"model", "tmp"}
    kinds = ("service", "serviceaccount", "hpa", "pdb", "networkpolicy")
    assert all(cluster.get(kind, "delays-prod", "-n", namespace) for kind in kinds)


def test_what_stands_around_the_pods_finds_them(cluster, namespace, serving, written):
    serving(written())

    def endpoints():
        slices = cluster.get("endpointslices", "-n", namespace)["items"]
        return [each["ports"] for each in slices if len(each["endpoints"] or ()) == 2]

    [[port]] = until(endpoints, "the Service has two endpoints")
    assert (port["name"], port["port"]) == ("http", 8080)

    def budget():
        status = cluster.get("pdb", "delays-prod", "-n", namespace).get("status", {})
        return status.get("currentHealthy") == 2 and status

    status = until(budget, "the disruption budget counts the pods")
    assert (status["desiredHealthy"], status["disruptionsAllowed"]) == (1, 1)

    # Nobody measures processors here; that it finds what it scales is all that is seen.
    seen = until(lambda: conditions(cluster.get("hpa", "delays-prod", "-n", namespace)), "it is looked at")
    assert ("AbleToScale", "True") in seen


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
