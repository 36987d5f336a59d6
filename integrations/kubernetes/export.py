"""A stage's files for kustomize: a base for each endpoint, and an overlay for each release of it. Pure.

kustomization.yaml                 everything that is live: kubectl apply -k .
ENDPOINT/base/                     what is the same for every release
ENDPOINT/live/                     the live release, on the base
ENDPOINT/previous/                 the way back, where nobody marked it bad
monitoring/                        for the Prometheus operator, whose kind not every cluster knows
"""

from collections.abc import Mapping
from typing import Any

from integrations.kubernetes import around, workload
from release.domain import kubernetes_names as k8s
from release.domain import kubernetes_pods, scaling
from release.domain.exported import Exported, ExportedEndpoint, ExportedRelease
from release.report.yaml_text import yaml_text

_KUSTOMIZATION = "kustomization.yaml"
_RELEASE = "release.yaml"


def files(exported: Exported) -> Mapping[str, str]:
    """All of it. Raises UsageError for a name, variable, type or container that is refused."""
    written = {_KUSTOMIZATION: _kustomization(*(f"{each.name}/live" for each in exported.endpoints))}
    monitors = {f"{each.served_as}.yaml": around.service_monitor(each) for each in exported.endpoints}
    folders = {"monitoring": monitors | {_KUSTOMIZATION: _kustomization(*monitors)}}
    for endpoint in exported.endpoints:
        k8s.dns_label(endpoint.served_as, endpoint.key)
        folders |= _folders(endpoint, exported)
    for folder, documents in folders.items():
        written |= {f"{folder}/{name}": document for name, document in documents.items()}
    return {name: yaml_text(exported.origin, document) for name, document in written.items()}


def _folders(endpoint: ExportedEndpoint, exported: Exported) -> dict[str, dict[str, Any]]:
    """An endpoint's folders: documents by file name."""
    overlays = {"live": endpoint.live} | ({"previous": endpoint.way_back} if endpoint.way_back else {})
    base = {f"{endpoint.name}/base": _base(endpoint, exported.role_arn)}
    return base | {
        f"{endpoint.name}/{role}": _overlay(endpoint, each, exported.region)
        for role, each in overlays.items()
    }


def _base(endpoint: ExportedEndpoint, role_arn: str) -> dict[str, Any]:
    bounds = scaling.scaling(endpoint.settings.instances, kubernetes_pods.instance_type(endpoint.live))
    objects = {
        "deployment.yaml": workload.base(endpoint),
        "service.yaml": around.service(endpoint),
        "service-account.yaml": around.service_account(endpoint, role_arn),
        "disruption-budget.yaml": around.disruption_budget(endpoint),
        "network-policy.yaml": around.network_policy(endpoint),
    }
    if bounds and bounds.invocations:
        objects["autoscaler.yaml"] = around.autoscaler(endpoint, bounds)
    return objects | {_KUSTOMIZATION: _kustomization(*objects)}


def _overlay(endpoint: ExportedEndpoint, release: ExportedRelease, region: str) -> dict[str, Any]:
    patch = workload.of_release(endpoint, release, region)
    return {_RELEASE: patch, _KUSTOMIZATION: _kustomization("../base", patches=[{"path": _RELEASE}])}


def _kustomization(*resources: str, **rest: Any) -> dict[str, Any]:
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    return {**head, "resources": list(resources), **rest}
