"""Flagger's own controller moves exported releases, and asks our judge in a process of its own.

Its provider is the one for nginx, since that needs an Ingress alone: weights are written there, and no router
reads them. Two releases are made and exported by the commands. The API server and its controllers are real.
No kubelet runs: a pod is ready because the test says so, and what it would log are windows that are posted.
"""

import json

import pytest

from integrations.judge_service.asking import Pods
from integrations.judge_service.keys import key_of
from sandbox.processes.ports import free_port
from scripts.setup.flagger_tools import CRDS
from tests.integrations.judge_service.service import started, streamed
from tests.integrations.kubernetes import delivery
from tests.integrations.kubernetes.cluster import program, start, until
from tests.integrations.kubernetes.delivery import LEAST, NAME, artifacts, images

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

PRIMARY = f"{NAME}-primary"
LABEL = "app.kubernetes.io/name"
WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": NAME},
    "spec": {
        "ingressClassName": "nginx",
        "rules": [
            {
                "host": "delays.example",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": NAME, "port": {"number": 80}}},
                        }
                    ]
                },
            }
        ],
    },
}
ROUTER = [
    {"op": "add", "path": "/spec/provider", "value": "nginx"},
    {
        "op": "add",
        "path": "/spec/ingressRef",
        "value": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": NAME},
    },
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """An API server that knows Flagger's kinds, and Flagger."""
    controller = program("flagger")
    if not CRDS.exists():
        pytest.skip("there are no definitions of Flagger's kinds: make flagger-tools")
    folder = tmp_path_factory.mktemp("cluster")
    with start(folder) as made:
        made.do("apply", "--server-side", "-f", str(CRDS))
        until(lambda: made.ask("get", "canaries.flagger.app").status == 0, "Flagger's kinds are served")
        port = free_port()
        words = ("-kubeconfig", str(folder / "kubeconfig"), "-control-loop-interval=1s", f"-port={port}")
        address = f"http://127.0.0.1:{port}/healthz"
        with delivery.controller(controller, *words, health=address, log=folder / "flagger.log"):
            yield made


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """The judge's service as a process."""
    with started(tmp_path_factory.mktemp("judge") / "kept") as (service, _):
        yield service


@pytest.fixture(scope="module")
def exports(world, on_a_base, trained, tmp_path_factory):
    """Two releases, and the folders of their exports."""
    return delivery.exports(world, trained, tmp_path_factory.mktemp("exports"), "flagger")


class Rolled:
    """A Canary in a namespace of its own."""

    def __init__(self, cluster, judge):
        self.cluster, self.judge = cluster, judge
        self.namespace = delivery.namespace(cluster)
        self.path = f"{self.namespace}/{NAME}"

    def apply(self, folder):
        (folder / "serving").mkdir(exist_ok=True)
        (folder / "serving" / "ingress.yaml").write_text(json.dumps(INGRESS))
        patch = {"target": {"kind": "Canary", "name": NAME}, "patch": json.dumps(ROUTER)}
        more = {"resources": ["ingress.yaml"], "patches": [patch]}
        delivery.apply(self.cluster, self.namespace, folder, "flagger", self.judge, more)

    def get(self, kind, *name):
        return self.cluster.get(kind, *name, "-n", self.namespace)

    @property
    def pods(self):
        """The pods that serve, by the fleet's label."""
        found = {}
        for pod in delivery.pods(self.cluster, self.namespace):
            found.setdefault(pod["metadata"]["labels"][LABEL], []).append(pod)
        return found

    @property
    def weight(self):
        """The candidate's share, as an ingress would read it."""
        return int(self.get("ingress", f"{NAME}-canary")["metadata"]["annotations"].get(WEIGHT, 0))

    def until(self, what, true):
        """Wait, with all pods ready, until something is so of the Canary's status."""

        def so():
            pods = self.pods
            status = self.get("canary", NAME).get("status", {})
            return true(status, pods)

        return until(so, what)

    def landed(self, phase):
        """Wait until live alone has pods, as many as the autoscaler's least."""

        def so(status, pods):
            counts = {name: len(found) for name, found in pods.items()}
            return status.get("phase") == phase and counts == {PRIMARY: LEAST} and pods[PRIMARY]

        return self.until(f"the Canary is {phase}, and live alone has pods", so)

    def waiting(self):
        """Wait until the candidate has its first share of traffic, and Flagger was told to wait."""

        def so(status, pods):
            shared = status.get("canaryWeight") == 25 and set(pods) == {NAME, PRIMARY}
            return shared and self.told("waiting for traffic increase approval")

        self.until("the judge is asked for more traffic", so)
        assert self.weight == 25

    def told(self, words):
        """What Flagger said that has these words in it."""
        return [each["message"] for each in self.get("events")["items"] if words in each["message"]]

    def ship(self, lines):
        """Post windows as lines that the pods logged."""
        pods = self.pods
        by_variant = {"live": pods[PRIMARY][0], "candidate": pods[NAME][0]}
        delivery.ship(self.judge, self.path, delivery.shipped(lines, by_variant))


@pytest.fixture
def begun(cluster, judge, exports):
    """A Canary of the second release beside the first, held at its first share of traffic."""
    before, after = exports
    rolled = Rolled(cluster, judge)
    rolled.apply(before.folder)
    pods = rolled.landed("Initialized")
    assert (images(pods), artifacts(pods, before.pin, after.pin)) == ({before.pin.image}, {before.pin.sha256})
    rolled.apply(after.folder)
    rolled.waiting()
    return rolled


def test_a_release_that_passes_gets_more_traffic_and_is_promoted(begun, exports):
    before, after = exports
    pods = begun.pods
    key = key_of(begun.namespace, NAME, "any")
    delivery.assert_told_apart(key, Pods.FLAGGER, {"live": pods[PRIMARY], "candidate": pods[NAME]})
    begun.ship(streamed())
    pods = begun.landed("Succeeded")
    assert (images(pods), artifacts(pods, before.pin, after.pin)) == ({after.pin.image}, {after.pin.sha256})
    assert begun.weight == 0
    assert begun.told(f"Advance {NAME}.{begun.namespace} canary weight 50")
    selected = {name: begun.get("service", name)["spec"] for name in (NAME, f"{NAME}-canary")}
    assert [each["selector"][LABEL] for each in selected.values()] == [PRIMARY, NAME]
    assert [each["ports"][0]["port"] for each in selected.values()] == [80, 80]
    assert begun.get("hpa", PRIMARY)["spec"]["scaleTargetRef"]["name"] == PRIMARY


def test_a_release_that_fails_is_taken_back_at_once(begun, exports):
    before, after = exports
    begun.ship(streamed({"errors": 0.2}))
    pods = begun.landed("Failed")
    assert artifacts(pods, before.pin, after.pin) == {before.pin.sha256}
    assert begun.weight == 0
    assert begun.told("manual webhook invoked")
    assert not begun.told("canary weight 50")


def test_a_field_that_flagger_does_not_know_is_refused(cluster, exports):
    text = (exports[0].folder / "flagger" / "stages" / "dev" / f"{NAME}.yaml").read_text()
    words = ("apply", "--dry-run=server", "-n", "default", "-f", "-")
    assert cluster.ask(*words, given=text).status == 0
    for known, unknown in (("stepWeights", "stepShares"), ("thresholdRange", "thresholds")):
        refused = cluster.ask(*words, given=text.replace(known, unknown))
        assert refused.status != 0, known
        assert unknown in refused.err
