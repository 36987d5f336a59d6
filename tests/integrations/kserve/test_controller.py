"""What KServe's own controller makes of an export, and what its webhook refuses (`make kserve-tools`).

Etcd, API server, Kubernetes' controllers, KServe's controller and its webhook are real. Of Knative its
definition of a Service and its rules are there; what it would answer is said in its place. A release that was
made and exported by the commands is deployed in `tests/end_to_end/test_inference_exports.py`.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from integrations import folder, formats
from scripts.setup import kserve_tools
from scripts.setup.tools import BIN
from tests.integrations.kserve.applied import Applied, containers, lost
from tests.integrations.kserve.controller import choose, kserve
from tests.integrations.kubernetes.cluster import start
from tests.integrations.stages import endpoint_of, exported

pytestmark = [
    pytest.mark.long,
    pytest.mark.sandbox,
    pytest.mark.skipif(not kserve_tools.there(), reason="KServe is not there: make kserve-tools"),
]
NAME = "delays-prod"
FILE = f"{NAME}.yaml"
WHOLE = [(True, None, 100)]


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
def by_knative(cluster):
    """KServe makes Knative Services."""
    choose(cluster, "Serverless")
    yield
    choose(cluster, "RawDeployment")


def test_the_webhook_refuses_what_kserve_could_not_run(cluster, written):
    text = (written / "first" / FILE).read_text()
    wrong = text.replace("minReplicas: 2", "minReplicas: 9")
    assert wrong != text
    done = cluster.ask("apply", "-n", Applied(cluster, NAME).namespace, "-f", "-", given=wrong)
    assert done.status != 0
    assert "inferenceservice.kserve-webhook-server.validator" in done.err
    assert "'MinReplicas' cannot be greater than MaxReplicas" in done.err


def test_with_knative_a_canary_has_its_share_and_the_file_ends_it(cluster, written, by_knative):
    service = Applied(cluster, NAME)
    live, following = written / "first" / FILE, written / "second" / FILE
    service.apply(live)
    assert_taken(service.routed(live, WHOLE), live)
    service.serve("one")
    share = json.dumps({"spec": {"predictor": {"canaryTrafficPercent": 10}}})
    patch = ("patch", "-f", str(following), "--local", "--type", "merge", "-o", "yaml", "-p", share)
    cluster.do("apply", "-n", service.namespace, "-f", "-", given=cluster.do(*patch))
    assert_taken(service.routed(following, [(True, None, 10), (False, "one", 90)]), following)
    service.serve("two")
    service.apply(following)
    assert_taken(service.routed(following, WHOLE), following)
    service.serve("two")
    back = written / "second" / "way-back" / FILE
    service.apply(back)
    assert_taken(service.routed(back, WHOLE), back)


def assert_taken(service: Any, file: Path) -> None:
    """A Knative Service runs what the file says, and Knative's rules let it in."""
    assert [*lost(containers(file), service["spec"]["template"]["spec"]["containers"])] == []
    service.pop("status", None)
    assert refused(service) == ""
    service["spec"]["traffic"][0]["percent"] += 1
    assert "Traffic targets sum to 101, want 100" in refused(service)


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
