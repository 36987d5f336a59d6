"""KServe's `InferenceService` for every endpoint: what is live, and beside it what `previous` would be. Pure.

It does not choose between Knative and plain Deployments: what is written holds in both.
"""

import re
from collections.abc import Mapping
from typing import Any

from release.domain import kubernetes_names, kubernetes_pods
from release.domain.errors import UsageError
from release.domain.exported import Exported, ExportedEndpoint, ExportedRelease
from release.report.yaml_text import yaml_text

API_VERSION = "serving.kserve.io/v1beta1"
CONTAINER = "kserve-container"
"""KServe looks for the predictor's container by this name."""
PROTOCOL = "PROTOCOL"
"""By this variable KServe knows which protocol its own components have to speak with the container."""
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST_NAME = kubernetes_names.LABEL_LIMIT - len("-predictor")
"""A Service of the predictor is named after it."""


def files(exported: Exported) -> Mapping[str, str]:
    """An `InferenceService` for each endpoint, and in `way-back/` the same one as `previous` has it."""
    written = {
        f"{each.served_as}.yaml": yaml_text(exported.origin, _service(exported, each, each.live))
        for each in exported.endpoints
    }
    for each in exported.endpoints:
        if each.way_back:
            text = yaml_text(exported.origin, _service(exported, each, each.way_back))
            written[f"way-back/{each.served_as}.yaml"] = text
    return written


def _service(exported: Exported, endpoint: ExportedEndpoint, release: ExportedRelease) -> dict[str, Any]:
    least, most = kubernetes_pods.replicas(endpoint, release)
    if PROTOCOL in release.pin.environment:
        raise UsageError(
            f"{endpoint.key}.environment.{PROTOCOL} is a variable that KServe reads for itself.",
            "Its components would speak another protocol than the container, so nothing was exported.",
            "Give the variable another name and roll it out (./slipway apply), or export another format.",
        )
    container = kubernetes_pods.container_of(CONTAINER, exported.region, endpoint, release)
    container["env"] = [{"name": PROTOCOL, "value": "v2"}, *container["env"]]
    return {
        "apiVersion": API_VERSION,
        "kind": "InferenceService",
        "metadata": {
            "name": _name(endpoint),
            "labels": kubernetes_pods.labels(exported.stage, endpoint, release),
            "annotations": kubernetes_pods.annotations(release),
        },
        "spec": {
            "predictor": {
                # Said and not left out: applied again, it ends a canary that somebody began by hand.
                "canaryTrafficPercent": 100,
                "minReplicas": least,
                "maxReplicas": most,
                "serviceAccountName": endpoint.served_as,
                "automountServiceAccountToken": False,
                "containers": [container],
                "volumes": kubernetes_pods.volumes(),
            }
        },
    }


def _name(endpoint: ExportedEndpoint) -> str:
    name = kubernetes_names.dns_label(endpoint.served_as, endpoint.key)
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise UsageError(
            f"KServe does not take the name {name!r}, which comes from {endpoint.key}: "
            f"a letter first, {_LONGEST_NAME} characters at most.",
            "Nothing was exported.",
            "Give the endpoint or the stage another name, or export another format.",
        )
    return name
