"""What a format adds beside `kubernetes`: a kustomize component, and a file for each endpoint. Pure.

ENDPOINT-STAGE.yaml       an endpoint's objects
kustomization.yaml        the component: these files, and what changes in the objects of `kubernetes`
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from release.domain.exported import Exported, ExportedEndpoint
from release.report.yaml_text import yaml_text

Made = Callable[[ExportedEndpoint], Sequence[Mapping[str, Any]]]


def component(exported: Exported, objects: Made, patches: Made) -> dict[str, str]:
    """The files by name; `patches` are kustomize's own, of an endpoint's objects."""
    found = {
        f"{endpoint.served_as}.yaml": yaml_text(exported.origin, *objects(endpoint))
        for endpoint in exported.endpoints
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": list(found),
        "patches": [patch for endpoint in exported.endpoints for patch in patches(endpoint)],
    }
    return found | {"kustomization.yaml": yaml_text(exported.origin, kustomization)}
