"""A Canary for each endpoint, with the hooks by which it asks the judge, and one MetricTemplate. Pure.

`confirm-traffic-increase` and `confirm-promotion` wait until PASS, `rollback` takes a FAIL back at once, and
`pre-rollout` opens the evidence. `confirm-rollout` is no hook here: Flagger calls it with the checksum of the
rollout before.
"""

from collections.abc import Mapping
from typing import Any

from release.domain import judge_service, kubernetes_pins
from release.domain.exported import Exported, ExportedEndpoint
from release.domain.judge_service import Hook
from release.domain.kubernetes_names import dns_label
from release.report.yaml_text import yaml_text

VERSION = "flagger.app/v1beta1"
FAILED = "slipway-judge-failed"
HOOKS = (
    Hook.PRE_ROLLOUT,
    Hook.ROLLOUT,
    Hook.CONFIRM_TRAFFIC_INCREASE,
    Hook.CONFIRM_PROMOTION,
    Hook.ROLLBACK,
)
PORT = 8080
"""The container's."""
THRESHOLD = 5
"""Failed checks in a row: a FAIL is taken back by its hook, so these are times that nobody could be asked."""


def files(exported: Exported) -> Mapping[str, str]:
    """A file for each endpoint."""
    return {
        f"{endpoint.served_as}.yaml": yaml_text(exported.origin, *_objects(endpoint))
        for endpoint in exported.endpoints
    }


def _objects(endpoint: ExportedEndpoint) -> list[dict[str, Any]]:
    key = f"endpoints.{endpoint.name}"
    name = dns_label(endpoint.served_as, key)
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
        "service": {"port": PORT},
        "analysis": analysis,
    }
    metadata = {"name": name, "annotations": kubernetes_pins.annotations(endpoint)}
    return {"apiVersion": VERSION, "kind": "Canary", "metadata": metadata, "spec": spec}
