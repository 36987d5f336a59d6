"""A Canary for each endpoint, with the hooks by which it asks the judge, and one MetricTemplate. Pure.

Together a kustomize component beside the format `kubernetes` (`release/report/kubernetes_component.py`).

`confirm-traffic-increase` and `confirm-promotion` wait until PASS, `rollback` takes a FAIL back at once, and
`pre-rollout` opens the evidence. `confirm-rollout` is no hook here: Flagger calls it with the checksum of the
rollout before.
"""

import json
from collections.abc import Mapping
from typing import Any

from release.domain import judge_service, kubernetes_pins, kubernetes_pods
from release.domain.exported import Exported, ExportedEndpoint
from release.domain.judge_service import Hook
from release.domain.kubernetes_names import DEPLOYMENT_LIMIT, NAME, dns_label
from release.report.kubernetes_component import component

VERSION = "flagger.app/v1beta1"
FAILED = "slipway-judge-failed"
HOOKS = (
    Hook.PRE_ROLLOUT,
    Hook.ROLLOUT,
    Hook.CONFIRM_TRAFFIC_INCREASE,
    Hook.CONFIRM_PROMOTION,
    Hook.ROLLBACK,
)
PORT = 80
"""Where callers in the cluster reach it, as in the format `kubernetes`."""
PRIMARY = "-primary"
"""What Flagger adds to the name of the Deployment that it keeps."""
THRESHOLD = 5
"""Failed checks in a row: a FAIL is taken back by its hook, so these are times that nobody could be asked."""


def files(exported: Exported) -> Mapping[str, str]:
    """A file for each endpoint, and one that puts them all beside the format `kubernetes`."""
    return component(exported, _objects, _patches)


def _patches(endpoint: ExportedEndpoint) -> list[dict[str, Any]]:
    """What Flagger makes itself is no file's, and what is said of an endpoint's pods is said of both fleets.

    A Service that is applied again would give the candidate's pods live's traffic until Flagger noticed. Live
    is a Deployment of Flagger's, NAME-primary, with this label; its autoscaler is a copy of the named one.
    """
    name = endpoint.served_as
    gone = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "$patch": "delete"}
    fleets = [{"key": NAME, "operator": "In", "values": [name, f"{name}{PRIMARY}"]}]
    found: list[dict[str, Any]] = [{"patch": json.dumps(gone)}]
    for kind, selector in (("NetworkPolicy", "podSelector"), ("PodDisruptionBudget", "selector")):
        change = {"op": "replace", "path": f"/spec/{selector}", "value": {"matchExpressions": fleets}}
        found.append({"target": {"kind": kind, "name": name}, "patch": json.dumps([change])})
    if endpoint.fixed is None:
        scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": name}
        change = {"op": "add", "path": "/spec/autoscalerRef", "value": scaler}
        found.append({"target": {"kind": "Canary", "name": name}, "patch": json.dumps([change])})
    return found


def _objects(endpoint: ExportedEndpoint) -> list[dict[str, Any]]:
    key = endpoint.key
    name = dns_label(endpoint.served_as, key, DEPLOYMENT_LIMIT - len(PRIMARY))
    metric = dns_label(f"{name}-{FAILED}", key)
    return [_metric(metric), _canary(endpoint, name, metric)]


def _metric(name: str) -> dict[str, Any]:
    query = judge_service.failed_query("{{ namespace }}", "{{ target }}")
    address = f"{judge_service.ADDRESS}{judge_service.METRIC}"
    spec = {"provider": {"type": "prometheus", "address": address}, "query": query}
    return {"apiVersion": VERSION, "kind": "MetricTemplate", "metadata": {"name": name}, "spec": spec}


def _canary(endpoint: ExportedEndpoint, name: str, metric: str) -> dict[str, Any]:
    settings = endpoint.settings.rollout
    seconds = max(settings.step_seconds, 10)
    hooks = [
        {"name": f"judge-{hook}", "type": str(hook), "url": judge_service.hook_url(hook), "timeout": "10s"}
        for hook in HOOKS
    ]
    analysis = {
        "interval": f"{seconds}s",
        "threshold": THRESHOLD,
        "stepWeights": list(settings.steps),
        "metrics": [
            {
                "name": FAILED,
                "interval": "1m",
                "templateRef": {"name": metric},
                "thresholdRange": {"max": 0},
            }
        ],
        "webhooks": hooks,
    }
    spec = {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "service": {"port": PORT, "targetPort": kubernetes_pods.PORT},
        "analysis": analysis,
    }
    metadata = {"name": name, "annotations": kubernetes_pins.annotations(endpoint)}
    return {"apiVersion": VERSION, "kind": "Canary", "metadata": metadata, "spec": spec}
