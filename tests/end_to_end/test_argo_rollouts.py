"""Argo Rollouts' own controller moves exported releases, and asks our judge in a process of its own.

Two releases are made and exported by the commands. The API server, its controllers and Argo's are real; no
kubelet runs, so a pod is ready because the test says so, and what it would log are windows that are posted.
"""

import pytest

from integrations.argo.export import SECONDS
from integrations.judge_service.asking import Pods
from integrations.judge_service.keys import key_of
from sandbox.processes.ports import free_port
from scripts.setup.argo_tools import CRDS
from tests.integrations.judge_service.service import RECORDED, started, streamed
from tests.integrations.kubernetes import delivery
from tests.integrations.kubernetes.cluster import program, start, until
from tests.integrations.kubernetes.delivery import LEAST, NAME, artifacts, images

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

HASH = "rollouts-pod-template-hash"
HELD_SECONDS = 2 * SECONDS


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """An API server that knows Argo's kinds, and Argo's controller."""
    controller = program("rollouts-controller")
    if not CRDS.exists():
        pytest.skip("there are no definitions of Argo's kinds: make argo-tools")
    folder = tmp_path_factory.mktemp("cluster")
    with start(folder) as made:
        made.do("apply", "--server-side", "-f", str(CRDS))
        until(lambda: made.ask("get", "rollouts.argoproj.io").status == 0, "Argo's kinds are served")
        health, metrics = free_port(), free_port()
        words = ("--leader-elect=false", f"--healthzPort={health}", f"--metricsport={metrics}")
        words += ("--kubeconfig", str(folder / "kubeconfig"))
        address = f"http://127.0.0.1:{health}/healthz"
        with delivery.controller(controller, *words, health=address, log=folder / "argo.log"):
            yield made


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """The judge's service as a process."""
    with started(tmp_path_factory.mktemp("judge") / "kept") as (service, _):
        yield service


@pytest.fixture(scope="module")
def exports(world, on_a_base, trained, tmp_path_factory):
    """Two releases, and the folders of their exports."""
    return delivery.exports(world, trained, tmp_path_factory.mktemp("exports"), "argo")


class Rolled:
    """A Rollout in a namespace of its own."""

    def __init__(self, cluster, judge):
        self.cluster, self.judge = cluster, judge
        self.namespace = delivery.namespace(cluster)
        self.path = f"{self.namespace}/{NAME}"

    def apply(self, folder):
        delivery.apply(self.cluster, self.namespace, folder, "argo", self.judge, {})

    @property
    def pods(self):
        """The pods that serve, by Argo's hash."""
        found = {}
        for pod in delivery.pods(self.cluster, self.namespace):
            found.setdefault(pod["metadata"]["labels"].get(HASH, "of the Deployment"), []).append(pod)
        return found

    def get(self, kind, *name):
        return self.cluster.get(kind, *name, "-n", self.namespace)

    @property
    def rollout(self):
        return self.get("rollout", NAME)

    def until(self, what, true):
        """Wait, with all pods ready, until something is so of the Rollout; the Rollout."""

        def so():
            pods, found = self.pods, self.rollout
            status = found.get("status", {})
            seen = str(found["metadata"]["generation"]) == status.get("observedGeneration")
            return seen and true(status, pods) and found

        return until(so, what)

    def healthy(self):
        """Wait until one release has all pods, as many as the autoscaler's least; its hash."""

        def landed(status, pods):
            counts = {name: len(found) for name, found in pods.items()}
            return status.get("phase") == "Healthy" and counts == {status["stableRS"]: LEAST}

        return self.until("the Rollout is healthy, and nobody else has pods", landed)["status"]["stableRS"]

    def asking(self, live):
        """Wait until a candidate has pods beside live and the judge was asked; the candidate's hash."""

        def asked(status, pods):
            new = status.get("currentPodHash")
            beside = new != live and {new, live} == set(pods) and status.get("currentStepIndex") == 2
            return beside and self.measured("Inconclusive")

        return self.until("the judge is asked at the first step", asked)["status"]["currentPodHash"]

    @property
    def history(self):
        """The hashes of the releases that an undo finds, the one that serves among them."""
        sets = self.get("replicasets")["items"]
        return {each["metadata"]["labels"][HASH] for each in sets if HASH in each["metadata"]["labels"]}

    def measured(self, phase):
        """How often the judge's answer was that, at the steps."""
        runs = [run for run in self.get("analysisruns")["items"] if self._of_a_step(run)]
        results = [result for run in runs for result in run.get("status", {}).get("metricResults", [])]
        return sum(each["phase"] == phase for result in results for each in result.get("measurements", []))

    @staticmethod
    def _of_a_step(run):
        return run["metadata"]["labels"]["rollout-type"] == "Step"

    def ship(self, lines, live, candidate):
        """Post windows as lines that the pods logged."""
        pods = self.pods
        by_variant = {"live": pods[live][0], "candidate": pods[candidate][0]}
        delivery.ship(self.judge, self.path, delivery.shipped(lines, by_variant))


@pytest.fixture
def begun(cluster, judge, exports):
    """A Rollout of the second release beside the first, waiting for the judge: it, and both hashes."""
    (before, first), (after, _) = exports
    rolled = Rolled(cluster, judge)
    rolled.apply(before)
    live = rolled.healthy()
    assert images(rolled.pods[live]) == {first.image}
    rolled.apply(after)
    return rolled, live, rolled.asking(live)


def test_a_release_that_passes_gets_all_pods_and_a_fence_takes_the_one_before(
    begun, exports, world, tmp_path
):
    rolled, live, candidate = begun
    (_, first), (_, second) = exports
    key = key_of(rolled.namespace, NAME, candidate)
    pods = rolled.pods
    delivery.assert_told_apart(key, Pods.ARGO, {"live": pods[live], "candidate": pods[candidate]})
    rolled.ship(streamed(), live, candidate)
    assert rolled.healthy() == candidate
    pods = rolled.pods[candidate]
    assert images(pods) == {second.image}
    assert artifacts(pods, first, second) == {second.sha256}
    assert rolled.measured("Successful") == 2
    assert rolled.get("deployment", NAME)["spec"]["replicas"] == 0
    assert rolled.get("hpa", NAME)["spec"]["scaleTargetRef"]["kind"] == "Rollout"
    assert rolled.history == {live, candidate}
    world.slipway("fence", "add", first.release, "--reason", "the test marks it")
    delivery.export(world, tmp_path, "argo")
    world.clear(first.release)
    rolled.apply(tmp_path)
    until(lambda: rolled.history == {candidate}, "the fenced release's ReplicaSet goes")
    assert rolled.healthy() == candidate


def test_a_release_that_fails_is_gone_and_live_has_all_pods(begun, exports):
    rolled, live, candidate = begun
    (_, first), (_, second) = exports
    rolled.ship(streamed({"errors": 0.2}), live, candidate)

    def aborted(status, pods):
        return status.get("abort") and list(pods) == [live]

    status = rolled.until("the Rollout is aborted, and live has all pods", aborted)["status"]
    assert (status["phase"], status["stableRS"]) == ("Degraded", live)
    assert artifacts(rolled.pods[live], first, second) == {first.sha256}
    assert rolled.judge.call("GET", f"/verdict/{rolled.path}/{candidate}").told["decision"] == "FAIL"


def test_a_release_that_is_held_pauses_beside_live(cluster, judge, exports, world):
    (before, _), (after, _) = exports
    world.edit("dev", rollout={"hold_seconds": HELD_SECONDS})
    delivery.export(world, after, "argo")
    rolled = Rolled(cluster, judge)
    rolled.apply(before)
    live = rolled.healthy()
    rolled.apply(after)
    candidate = rolled.asking(live)
    judge.call("POST", f"/evidence/{rolled.path}", RECORDED.read_text())

    def paused(status, pods):
        reasons = [each["reason"] for each in status.get("pauseConditions", [])]
        return reasons == ["InconclusiveAnalysisRun"] and set(pods) == {live, candidate}

    status = rolled.until("the Rollout pauses", paused)["status"]
    assert (status["phase"], status["currentStepIndex"]) == ("Paused", 2)
    assert status["stableRS"] == live
    assert rolled.measured("Inconclusive") == HELD_SECONDS // SECONDS + 1
    told = judge.call("GET", f"/verdict/{rolled.path}/{candidate}").told
    assert (told["decision"], told["verdict"]["requests"] != {}) == ("HOLD", True)


def test_a_field_that_argo_does_not_know_is_refused(cluster, exports):
    (folder, _), _ = exports
    text = (folder / "argo" / "stages" / "dev" / f"{NAME}.yaml").read_text()
    words = ("apply", "--dry-run=server", "-n", "default", "-f", "-")
    assert cluster.ask(*words, given=text).status == 0
    for known, unknown in (("inconclusiveLimit", "holdLimit"), ("scaleDown", "scaleUp")):
        refused = cluster.ask(*words, given=text.replace(known, unknown))
        assert refused.status != 0, known
        assert unknown in refused.err
