"""The Rollout and its AnalysisTemplates, as values and as questions to the running service."""

import json

import pytest
from ruamel.yaml import YAML, YAMLError

from integrations import formats
from integrations.argo import export
from release.domain.errors import UsageError
from release.domain.judge_service import ADDRESS
from tests.integrations.judge_service.service import running, streamed
from tests.integrations.stages import endpoint_of, exported, pin_of


def objects(**settings):
    """The objects of an endpoint, by kind and name."""
    text = export.files(exported(endpoint_of(**settings)))["delays-prod.yaml"]
    return {(each["kind"], each["metadata"]["name"]): each for each in YAML(typ="safe").load_all(text)}


def metric(found, name):
    [one] = found["AnalysisTemplate", f"delays-prod-{name}"]["spec"]["metrics"]
    return one


def test_every_step_is_left_by_a_verdict_and_all_are_watched():
    found = objects(rollout={"steps": [5, 50], "step_seconds": 60})
    canary = found["Rollout", "delays-prod"]["spec"]["strategy"]["canary"]
    assert [next(iter(step)) for step in canary["steps"]] == ["setWeight", "pause", "analysis"] * 2
    assert [step["setWeight"] for step in canary["steps"][::3]] == [5, 50]
    assert canary["analysis"]["templates"] == [{"templateName": "delays-prod-slipway-judge-watch"}]


def test_only_pass_is_success_and_hold_is_neither():
    found = objects(rollout={"hold_seconds": 600})
    gate, watch = metric(found, "slipway-judge"), metric(found, "slipway-judge-watch")
    for one in (gate, watch):
        assert (one["successCondition"], one["failureCondition"]) == ('result == "PASS"', 'result == "FAIL"')
    assert (gate["consecutiveSuccessLimit"], gate["inconclusiveLimit"]) == (1, 40)
    # A count that is reached is success, whatever was measured within the limits: nothing but HOLD is beyond.
    assert gate["count"] == gate["inconclusiveLimit"] + 1
    assert not {"consecutiveSuccessLimit", "count"} & set(watch)


def test_the_question_that_it_writes_is_answered(tmp_path):
    web = metric(objects(), "slipway-judge")["provider"]["web"]
    path = web["url"].removeprefix(ADDRESS)
    for name, value in (("namespace", "serving"), ("name", "delays-prod"), ("checksum", "6f64645fd5")):
        path = path.replace(f"{{{{args.{name}}}}}", value)
    with running(tmp_path / "kept") as service:
        assert service.call("GET", path).told["decision"] == "HOLD"
        service.call("POST", "/evidence/serving/delays-prod", "\n".join(streamed()))
        told = service.call("GET", path).told
    assert web["jsonPath"] == "{$.decision}"
    assert told["decision"] == "PASS"


def test_a_fenced_release_is_no_way_back():
    rollout = objects(fenced=True)["Rollout", "delays-prod"]
    assert rollout["spec"]["revisionHistoryLimit"] == 0
    assert objects()["Rollout", "delays-prod"]["spec"]["revisionHistoryLimit"] == 2
    notes = rollout["metadata"]["annotations"]
    assert notes["slipway/image"] == pin_of(1).image
    assert not [name for name in notes if "previous" in name]


def test_a_name_that_kubernetes_does_not_take_is_refused():
    with pytest.raises(UsageError, match=r"endpoints\.de_lays"):
        export.files(exported(endpoint_of(name="de_lays")))


def component(**settings):
    """The one patch of the component for the format `kubernetes`: its target, and what it changes."""
    found = YAML(typ="safe").load(export.files(exported(endpoint_of(**settings)))["kustomization.yaml"])
    assert (found["kind"], found["resources"]) == ("Component", ["delays-prod.yaml"])
    [patch] = found["patches"]
    [change] = json.loads(patch["patch"])
    return patch["target"], change


def test_what_scales_the_endpoint_scales_the_rollout():
    target, change = component(instances={"min": 2, "max": 5})
    assert target == {"kind": "HorizontalPodAutoscaler", "name": "delays-prod"}
    assert change["value"] == {"apiVersion": export.VERSION, "kind": "Rollout", "name": "delays-prod"}
    assert "replicas" not in objects(instances={"min": 2, "max": 5})["Rollout", "delays-prod"]["spec"]


def test_without_a_range_the_rollout_has_the_pods_and_the_deployment_none_by_itself():
    target, change = component(instances={"min": 2, "max": 2})
    assert target == {"kind": "Deployment", "name": "delays-prod"}
    assert change == {"op": "remove", "path": "/spec/replicas"}
    assert objects(instances={"min": 2, "max": 2})["Rollout", "delays-prod"]["spec"]["replicas"] == 2


def test_it_moves_the_pods_that_the_kubernetes_format_declares():
    rollout = objects()["Rollout", "delays-prod"]["spec"]
    files = formats.files_of("kubernetes", exported(endpoint_of()))
    declared = [each for text in files.values() for each in _yaml(text) if each.get("kind") == "Deployment"]
    wanted = [each for each in declared if "selector" in each["spec"]]
    assert [each["metadata"]["name"] for each in wanted] == [rollout["workloadRef"]["name"]]
    assert [each["spec"]["selector"] for each in wanted] == [rollout["selector"]]


def _yaml(text):
    try:
        return [each for each in YAML(typ="safe").load_all(text) if isinstance(each, dict)]
    except YAMLError:
        return []
