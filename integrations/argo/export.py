"""A Rollout for each endpoint, and the two AnalysisTemplates by which it asks the judge. Pure.

Together a kustomize component beside the format `kubernetes` (`release/report/kubernetes_component.py`).

HOLD is neither condition's, so Argo counts it as inconclusive. What ends the analysis of a step with success
is `consecutiveSuccessLimit` (Argo Rollouts 1.8). Argo wants a `count` besides, and once that is reached it
would call a metric successful whose inconclusive measurements are within their limit: so the limit is below
it by one. An older Argo, which drops that field, asks to the end and then wants one PASS of all answers.
"""

import json
from collections.abc import Mapping
from typing import Any

from release.domain import judge_service, kubernetes_pins
from release.domain.exported import Exported, ExportedEndpoint
from release.domain.kubernetes_names import NAME, dns_label
from release.domain.pins import RolloutSettings
from release.report.kubernetes_component import component

VERSION = "argoproj.io/v1alpha1"
SECONDS = 15
"""Between two questions."""
ERRORS = 20
"""So many questions in a row may go unanswered, five minutes."""
ARGUMENTS = ("namespace", "name", "checksum")
GATE, WATCH = "slipway-judge", "slipway-judge-watch"


def files(exported: Exported) -> Mapping[str, str]:
    """A file for each endpoint, and one that puts them all beside the format `kubernetes`."""
    return component(exported, _objects, _patches)


def _patches(endpoint: ExportedEndpoint) -> list[dict[str, Any]]:
    """What scales the endpoint scales the Rollout: a Deployment's own pods would serve unjudged."""
    name = endpoint.served_as
    if endpoint.fixed is None:
        rollout = {"apiVersion": VERSION, "kind": "Rollout", "name": name}
        kind = "HorizontalPodAutoscaler"
        change = {"op": "replace", "path": "/spec/scaleTargetRef", "value": rollout}
    else:
        kind, change = "Deployment", {"op": "remove", "path": "/spec/replicas"}
    return [{"target": {"kind": kind, "name": name}, "patch": json.dumps([change])}]


def _objects(endpoint: ExportedEndpoint) -> list[dict[str, Any]]:
    key = endpoint.key
    name = dns_label(endpoint.served_as, key)
    settings = endpoint.settings.rollout
    held = settings.hold_seconds // SECONDS
    # Named after the endpoint: another one's patience is another.
    ends = {"consecutiveSuccessLimit": 1, "count": held + 1}
    gate = _template(dns_label(f"{name}-{GATE}", key), held, ends)
    watch = _template(dns_label(f"{name}-{WATCH}", key), held * len(settings.steps), {})
    return [gate, watch, _rollout(endpoint, name, settings)]


def _template(name: str, inconclusive: int, more: Mapping[str, int]) -> dict[str, Any]:
    """Asks until PASS or FAIL; who asks without an end watches for FAIL."""
    path = "/".join(f"{{{{args.{argument}}}}}" for argument in ARGUMENTS)
    metric = {
        "name": "judge",
        "interval": f"{SECONDS}s",
        "successCondition": 'result == "PASS"',
        "failureCondition": 'result == "FAIL"',
        "failureLimit": 0,
        "inconclusiveLimit": inconclusive,
        "consecutiveErrorLimit": ERRORS,
        **more,
        "provider": {
            "web": {
                "url": f"{judge_service.ADDRESS}{judge_service.ARGO}/{path}",
                "jsonPath": "{$.decision}",
                "timeoutSeconds": 10,
            }
        },
    }
    arguments = [{"name": argument} for argument in ARGUMENTS]
    return _object("AnalysisTemplate", name, {"args": arguments, "metrics": [metric]})


def _rollout(endpoint: ExportedEndpoint, name: str, settings: RolloutSettings) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for percent in settings.steps:
        steps += [
            {"setWeight": percent},
            {"pause": {"duration": f"{settings.step_seconds}s"}},
            {"analysis": _analysis(name, GATE)},
        ]
    # As the format `kubernetes` labels the Deployment's pods.
    labels = {NAME: name}
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "scaleDown": "onsuccess"}
    spec = {
        **({"replicas": endpoint.fixed} if endpoint.fixed else {}),
        # What `undo` finds; it asks nobody about fences.
        "revisionHistoryLimit": 2 if endpoint.way_back else 0,
        "selector": {"matchLabels": labels},
        "workloadRef": workload,
        "strategy": {"canary": {"analysis": _analysis(name, WATCH), "steps": steps}},
    }
    return _object("Rollout", name, spec, kubernetes_pins.annotations(endpoint))


def _analysis(name: str, template: str) -> dict[str, Any]:
    arguments = [
        {"name": "namespace", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "name", "value": name},
        {"name": "checksum", "valueFrom": {"podTemplateHashValue": "Latest"}},
    ]
    return {"templates": [{"templateName": f"{name}-{template}"}], "args": arguments}


def _object(
    kind: str, name: str, spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None
) -> dict[str, Any]:
    metadata = {"name": name, **({"annotations": dict(annotations)} if annotations else {})}
    return {"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec}
