"""What is exported for KServe, taken by a real API server that knows KServe's kind (`make kubernetes-tools`).

KServe itself does not run: nothing is made of what was applied.
"""

import json

import pytest
from ruamel.yaml import YAML

from integrations import folder, formats
from scripts.setup import kserve_types
from tests.integrations.kubernetes.cluster import start, until
from tests.integrations.stages import endpoint_of, exported

pytestmark = [
    pytest.mark.long,
    pytest.mark.sandbox,
    pytest.mark.skipif(not kserve_types.there(), reason="KServe's types are not there: make kserve-types"),
]
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
OF_KSERVE = ("canaryTrafficPercent", "minReplicas", "maxReplicas")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with start(tmp_path_factory.mktemp("cluster")) as made:
        # Server-side, as the definition is too long for the annotation that kubectl would leave.
        made.do("apply", "--server-side", "-f", str(kserve_types.TYPES))
        until(lambda: made.ask("get", "inferenceservices").status == 0, "KServe's kind is known")
        yield made


@pytest.fixture
def written(tmp_path):
    folder.write(tmp_path, formats.files_of("kserve", exported(endpoint_of(environment={"A": "$(B)"}))))
    return tmp_path


def test_it_takes_live_and_the_way_back_unchanged(cluster, written):
    for file in ("delays-prod.yaml", "way-back/delays-prod.yaml"):
        cluster.do("apply", "--validate=strict", "-f", str(written / file))
        wanted = YAML(typ="safe").load((written / file).read_text())
        assert cluster.get("inferenceservice", "delays-prod")["spec"] == wanted["spec"]


def test_a_canary_is_the_documented_patch_and_applying_the_file_ends_it(cluster, written):
    file, share = str(written / "delays-prod.yaml"), '{"spec": {"predictor": {"canaryTrafficPercent": 10}}}'
    patched = cluster.do("patch", "-f", file, "--local", "--type", "merge", "-o", "yaml", "-p", share)
    for given, percent in (((patched, "-"), 10), (("", file), 100)):
        cluster.do("apply", "-f", given[1], given=given[0])
        spec = cluster.get("inferenceservice", "delays-prod")["spec"]
        assert spec["predictor"]["canaryTrafficPercent"] == percent


def test_a_field_that_kserve_does_not_have_is_refused(cluster, written):
    text = (written / "delays-prod.yaml").read_text().replace("canaryTrafficPercent", "canaryTraffic")
    done = cluster.ask("apply", "--validate=strict", "-f", "-", given=text)
    assert done.status != 0
    assert 'unknown field "spec.predictor.canaryTraffic"' in done.err


def test_its_pods_are_let_into_a_namespace_that_restricts_them(cluster, written):
    service = YAML(typ="safe").load((written / "delays-prod.yaml").read_text())
    pod = {name: value for name, value in service["spec"]["predictor"].items() if name not in OF_KSERVE}
    cluster.do("create", "namespace", "restricted")
    cluster.do("label", "namespace", "restricted", RESTRICTED)
    cluster.do("create", "serviceaccount", "delays-prod", "-n", "restricted")
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one", "namespace": "restricted"},
        "spec": pod,
    }
    cluster.do("apply", "--validate=strict", "-f", "-", given=json.dumps(made))
