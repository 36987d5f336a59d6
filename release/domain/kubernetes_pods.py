"""The container in which Kubernetes runs a release: the pinned image, told where its artifact lies. Pure.

The image fetches the artifact itself and compares its SHA-256 (`model/serving/fetching.py`): what fetches
models elsewhere, KServe's and Seldon's initializers, compares nothing. Its `fetch` does so in an init
container; where Knative takes none, `serve` does, before it serves. It needs no volume but an empty one.
"""

from typing import Any

from release.domain import container, kubernetes_names, scaling
from release.domain.errors import UsageError
from release.domain.exported import ExportedEndpoint, ExportedRelease
from release.domain.health.serving import vcpus
from release.domain.kubernetes_sizes import pod_size

PORT = 8080
MODEL_DIR = "/opt/ml/model"
"""Where SageMaker puts the model, and the server looks for it."""
REGION = "AWS_REGION"
USER = 10001
"""The image's own; Seldon would take another one, where nobody says it."""
_SCRATCH = "/tmp"  # noqa: S108 - an empty volume of the pod


def refuse_unrunnable(endpoint: ExportedEndpoint, release: ExportedRelease) -> None:
    """Raise UsageError for a release that no cluster could run, or whose bytes it could not compare."""
    key = _key(endpoint, release)
    if release.manifest.foreign is not None:
        raise UsageError(
            f"The release of {key} has a container that this repository did not build.",
            "It does not fetch its artifact and compare it, so nothing was exported.",
            "Export another format, or release the model in Slipway's image: docs/own-model.md.",
        )
    if release.manifest.image.runtime != "container":
        raise UsageError(
            f"The image of {key} has the runtime `process`: it has no base, and no container can start it.",
            "Nothing was exported.",
            "Build it on a base (docs/image.md), then release and promote that.",
        )
    if not release.manifest.image.fetches:
        raise UsageError(
            f"The image of {key} is of an earlier Slipway: it does not fetch its artifact and compare it.",
            "Its pods would never be ready, so nothing was exported.",
            "Release and promote with this Slipway, until neither live nor `previous` is of the earlier one.",
        )


def artifact(release: ExportedRelease) -> dict[str, str]:
    """The variables by which the image fetches its artifact: where it lies, what it is, where it goes."""
    pin = release.pin
    return {"SLIPWAY_ARTIFACT": pin.model, "SLIPWAY_ARTIFACT_SHA256": pin.sha256, "SM_MODEL_DIR": MODEL_DIR}


def labels(stage: str, endpoint: ExportedEndpoint, release: ExportedRelease) -> dict[str, str]:
    """What finds an endpoint's objects, and says which release they run. Raises UsageError."""
    return kubernetes_names.labels(endpoint.served_as, f"endpoints.{endpoint.name}") | {
        "app.kubernetes.io/version": release.pin.release,
        "slipway/stage": kubernetes_names.label_value(stage, "the stage's name"),
        "slipway/release": release.pin.release,
    }


def annotations(release: ExportedRelease) -> dict[str, str]:
    """What is proven of the release, for people and policies."""
    return {"slipway/model": release.pin.model, "slipway/model-sha256": release.pin.sha256}


def container_of(
    name: str, region: str, endpoint: ExportedEndpoint, release: ExportedRelease
) -> dict[str, Any]:
    """The container, called `name`; it needs the volumes of `volumes()`. Raises UsageError."""
    refuse_unrunnable(endpoint, release)
    size = pod_size(_instance_type(release), _key(endpoint, release))
    return {
        "name": name,
        "image": release.pin.image,
        "args": ["serve"],
        "env": [
            {"name": variable, "value": value}
            for variable, value in _variables(region, endpoint, release).items()
        ],
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": PORT}, "periodSeconds": 5},
        "resources": size.resources(f"{size.mebibytes}Mi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "model", "mountPath": MODEL_DIR},
            {"name": "scratch", "mountPath": _SCRATCH},
        ],
    }


def replicas(endpoint: ExportedEndpoint, release: ExportedRelease) -> tuple[int, int]:
    """How many pods at least and at most; where nothing scales, as many as the pin has instances."""
    bounds = scaling.scaling(endpoint.settings.instances, _instance_type(release))
    return (bounds.least, bounds.most) if bounds else (release.pin.capacity, release.pin.capacity)


def volumes() -> list[dict[str, Any]]:
    """Where the artifact is unpacked, and what is written meanwhile."""
    return [{"name": "model", "emptyDir": {}}, {"name": "scratch", "emptyDir": {}}]


def _variables(region: str, endpoint: ExportedEndpoint, release: ExportedRelease) -> dict[str, str]:
    """The pin's, and where the artifact lies; `auto` workers would be one for each core of the node."""
    pin = release.pin
    workers = str(vcpus(_instance_type(release)))
    found = {
        REGION: region,
        container.WORKERS: workers,
        "SLIPWAY_VARIANT": "live",
        **pin.environment,
        **artifact(release),
    }
    return kubernetes_names.variables(found, f"{_key(endpoint, release)}.environment")


def _instance_type(release: ExportedRelease) -> str:
    return release.config.production[0].instance_type


def _key(endpoint: ExportedEndpoint, release: ExportedRelease) -> str:
    role = "live" if release is endpoint.live else "previous"
    return f"endpoints.{endpoint.name}.{role}"
