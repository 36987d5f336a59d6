"""The Canary and its MetricTemplate, as values and as questions to the running service."""

import json
from urllib.parse import quote

from ruamel.yaml import YAML

from integrations.flagger import export
from release.domain.judge_service import ADDRESS, Hook
from tests.integrations.judge_service.service import running, streamed
from tests.integrations.stages import endpoint_of, exported, pin_of


def objects(**settings):
    """The objects of an endpoint, by kind."""
    text = export.files(exported(endpoint_of(**settings)))["delays-prod.yaml"]
    return {each["kind"]: each for each in YAML(typ="safe").load_all(text)}


def test_the_steps_are_the_stages():
    analysis = objects(rollout={"steps": [5, 50], "step_seconds": 60})["Canary"]["spec"]["analysis"]
    assert (analysis["stepWeights"], analysis["interval"]) == ([5, 50], "60s")


def test_the_hook_that_comes_with_the_rollout_before_is_none_of_them():
    hooks = objects()["Canary"]["spec"]["analysis"]["webhooks"]
    assert Hook.CONFIRM_ROLLOUT not in {hook["type"] for hook in hooks}
    assert {Hook.CONFIRM_PROMOTION, Hook.ROLLBACK, Hook.PRE_ROLLOUT} <= {hook["type"] for hook in hooks}


def test_every_hook_and_the_metric_that_it_writes_are_answered(tmp_path):
    found = objects()
    hooks = {hook["type"]: hook["url"] for hook in found["Canary"]["spec"]["analysis"]["webhooks"]}
    provider = found["MetricTemplate"]["spec"]
    query = provider["query"].replace("{{ namespace }}", "serving").replace("{{ target }}", "delays-prod")
    path = f"{provider['provider']['address'].removeprefix(ADDRESS)}/api/v1/query?query={quote(query)}"
    payload = {"name": "delays-prod", "namespace": "serving", "phase": "Progressing", "checksum": "abc"}
    with running(tmp_path / "kept") as service:

        def told():
            return {
                kind: service.call("POST", url.removeprefix(ADDRESS), payload).status
                for kind, url in hooks.items()
            }

        yes = {"pre-rollout": 200, "rollout": 200}
        assert told() == yes | {"confirm-traffic-increase": 200, "confirm-promotion": 409, "rollback": 409}
        service.call("POST", "/evidence/serving/delays-prod", "\n".join(streamed()))
        assert told() == yes | {"confirm-traffic-increase": 200, "confirm-promotion": 200, "rollback": 409}
        assert service.call("GET", path).told["data"]["result"][0]["value"][1] == "0"


def patches(**settings):
    """What the component for the format `kubernetes` changes, by kind; that a Service is deleted is True."""
    found = YAML(typ="safe").load(export.files(exported(endpoint_of(**settings)))["kustomization.yaml"])
    assert (found["kind"], found["resources"]) == ("Component", ["delays-prod.yaml"])
    told = [(each.get("target", {}).get("kind"), json.loads(each["patch"])) for each in found["patches"]]
    return {kind or change["kind"]: change for kind, change in told}


def test_what_is_said_of_an_endpoints_pods_is_said_of_both_fleets():
    both = [
        {"key": "app.kubernetes.io/name", "operator": "In", "values": ["delays-prod", "delays-prod-primary"]}
    ]
    for kind in ("NetworkPolicy", "PodDisruptionBudget"):
        [change] = patches()[kind]
        assert change["value"] == {"matchExpressions": both}


def test_the_service_is_flaggers_own_and_callers_find_it_at_the_same_port():
    assert patches()["Service"]["$patch"] == "delete"
    assert objects()["Canary"]["spec"]["service"] == {"port": 80, "targetPort": 8080}


def test_live_is_scaled_where_the_endpoint_is():
    [change] = patches(instances={"min": 2, "max": 5})["Canary"]
    assert change["value"]["name"] == "delays-prod"
    assert "Canary" not in patches(instances={"min": 2, "max": 2})


def test_a_fenced_release_is_no_way_back():
    notes = objects(fenced=True)["Canary"]["metadata"]["annotations"]
    assert notes["slipway/sha256"] == pin_of(1).sha256
    assert not [name for name in notes if "previous" in name]
