"""Seldon Core's `SeldonDeployment` for every endpoint: live has all traffic, `previous` stands by. Pure.

It is Seldon Core 1's resource. Version 2 runs models inside servers of its own, and so not the image that was
judged. A predictor is named by what it runs: another release is another one, and none is changed in place.
"""

from collections.abc import Mapping
from typing import Any

from release.domain import kubernetes_names, kubernetes_pods
from release.domain.exported import Exported, ExportedEndpoint, ExportedRelease
from release.report.yaml_text import yaml_text

API_VERSION = "machinelearning.seldon.io/v1"
_CPU_PERCENT = 60
"""Of the requested processors: what comes while another pod starts is borne by the rest."""


def files(exported: Exported) -> Mapping[str, str]:
    """A `SeldonDeployment` for each endpoint, in `way-back/` the one that gives `previous` the traffic."""
    written = {}
    for each in exported.endpoints:
        file = f"{each.served_as}.yaml"
        written[file] = yaml_text(exported.origin, _deployment(exported, each, each.live, each.way_back))
        if each.way_back:
            back = _deployment(exported, each, each.way_back, each.live)
            written[f"way-back/{file}"] = yaml_text(exported.origin, back)
    return written


def _deployment(
    exported: Exported, endpoint: ExportedEndpoint, serves: ExportedRelease, beside: ExportedRelease | None
) -> dict[str, Any]:
    predictors = [_predictor(exported, endpoint, serves, 100)]
    if beside and beside.config.name != serves.config.name:
        predictors.append(_predictor(exported, endpoint, beside, 0))
    name = kubernetes_names.dns_label(endpoint.served_as, endpoint.key)
    return {
        "apiVersion": API_VERSION,
        "kind": "SeldonDeployment",
        "metadata": {
            "name": name,
            "labels": kubernetes_pods.labels(exported.stage, endpoint, serves),
            "annotations": kubernetes_pods.annotations(serves),
        },
        "spec": {"protocol": "v2", "transport": "rest", "predictors": predictors},
    }


def _predictor(
    exported: Exported, endpoint: ExportedEndpoint, release: ExportedRelease, traffic: int
) -> dict[str, Any]:
    """One that serves has as many pods as the endpoint; one that stands by has one, ready to be asked."""
    model = _model(endpoint, release)
    container = kubernetes_pods.container_of(model, exported.region, endpoint, release)
    # Seldon asks the port of this name, and would add one that nobody listens on.
    container["ports"] = [{"name": "http", **port} for port in container["ports"]]
    least, most = kubernetes_pods.replicas(endpoint, release) if traffic else (1, 1)
    labels = kubernetes_pods.labels(exported.stage, endpoint, release)
    return {
        "name": release.config.name.rpartition("-")[2],
        "traffic": traffic,
        "replicas": least,
        "graph": {"name": model, "type": "MODEL", "endpoint": {"type": "REST"}},
        "componentSpecs": [
            {
                "metadata": {"labels": labels, "annotations": kubernetes_pods.annotations(release)},
                "spec": {
                    "serviceAccountName": endpoint.served_as,
                    "automountServiceAccountToken": False,
                    "nodeSelector": kubernetes_pods.NODES,
                    "containers": [container],
                    "volumes": kubernetes_pods.volumes(),
                },
                **({"hpaSpec": _scaling(least, most)} if least < most else {}),
            }
        ],
    }


def _model(endpoint: ExportedEndpoint, release: ExportedRelease) -> str:
    """Under which name Seldon asks for the model, `/v2/models/NAME/infer`, and calls the container."""
    return kubernetes_names.dns_label(
        release.manifest.trained_as, f"the name of the service that {endpoint.key} serves"
    )


def _scaling(least: int, most: int) -> dict[str, Any]:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _CPU_PERCENT}}
    return {
        "minReplicas": least,
        "maxReplicas": most,
        "metricsv2": [{"type": "Resource", "resource": cpu}],
    }
