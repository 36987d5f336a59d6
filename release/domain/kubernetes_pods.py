"""The container in which Kubernetes runs a release: the pinned image, told where its artifact lies. Pure.

The image fetches the artifact itself and compares its SHA-256 (`model/serving/fetching.py`): what fetches
models elsewhere, KServe's and Seldon's initializers, compares nothing. Its `fetch` does so in an init
container; where Knative takes none, `serve` does, before it serves. It needs no volume but an empty one.
"""

from collections.abc import Mapping
from typing import Any

from release.domain import container, kubernetes_names, scaling
from release.domain.capture import VARIABLE as CAPTURE
from release.domain.errors import UsageError
from release.domain.exported import ExportedEndpoint, ExportedRelease
from release.domain.health.serving import vcpus
from release.domain.kubernetes_sizes import PodSize, pod_size

PORT = 8080
MODEL_DIR = "/opt/ml/model"
"""Where SageMaker puts the model, and the server looks for it."""
REGION = "AWS_REGION"
USER = 10001
"""The image's own; Seldon would take another one, where nobody says it."""
NODES = {"kubernetes.io/arch": "amd64"}
"""On which nodes it runs: Slipway's images are built for these. Knative takes no such choice of a pod."""
_SCRATCH = "/tmp"  # noqa: S108 - an empty volume of the pod


def refuse_unrunnable(endpoint: ExportedEndpoint, release: ExportedRelease) -> None:
    """Raise UsageError for a release that no cluster could run, or whose bytes it could not compare."""
    key = f"{endpoint.key}.{_role(endpoint, release)}"
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
    return kubernetes_names.labels(endpoint.served_as, endpoint.key) | {
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
    return {
        "name": name,
        "image": release.pin.image,
        "args": ["serve"],
        "env": variables(endpoint, release, region, artifact(release)),
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": PORT}, "periodSeconds": 5},
        "resources": size_of(endpoint, release).resources(),
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


def size_of(endpoint: ExportedEndpoint, release: ExportedRelease) -> PodSize:
    """What its pods have. Raises UsageError that names the key of its instance type."""
    key = f"{endpoint.key}.instances.type"
    if release is endpoint.live:
        return pod_size(instance_type(release), key)
    try:
        return pod_size(instance_type(release), f"{endpoint.key}.previous")
    except UsageError as error:
        step = "Export another format. The next release that lands makes what is live now the way back."
        raise UsageError(error.cause, error.consequence, step) from error


def instance_type(release: ExportedRelease) -> str:
    """On what it serves in SageMaker."""
    return release.config.production[0].instance_type


def variables(
    endpoint: ExportedEndpoint, release: ExportedRelease, region: str, more: Mapping[str, str]
) -> list[dict[str, str]]:
    """A container's `env`: the pin's variables and `more`, as Kubernetes takes them. Raises UsageError.

    A node's processors are all that a container sees: workers are as many as the instance had. What the
    stage's endpoint keeps of requests no pod keeps: it lies where the endpoint's own are looked at.
    """
    found = {
        REGION: region,
        container.WORKERS: str(vcpus(instance_type(release))),
        "SLIPWAY_VARIANT": "live",
        **{name: value for name, value in release.pin.environment.items() if name != CAPTURE},
        **more,
    }
    return listed(kubernetes_names.variables(found, f"{endpoint.key}.environment"))


def listed(variables: Mapping[str, str]) -> list[dict[str, str]]:
    """Variables as a container lists them."""
    return [{"name": name, "value": value} for name, value in variables.items()]


def replicas(endpoint: ExportedEndpoint, release: ExportedRelease) -> tuple[int, int]:
    """How many pods at least and at most; where nothing scales, as many as the pin has instances."""
    bounds = scaling.scaling(endpoint.settings.instances, instance_type(release))
    return (bounds.least, bounds.most) if bounds else (release.pin.capacity, release.pin.capacity)


def volumes() -> list[dict[str, Any]]:
    """Where the artifact is unpacked, and what is written meanwhile."""
    return [{"name": "model", "emptyDir": {}}, {"name": "scratch", "emptyDir": {}}]


def _role(endpoint: ExportedEndpoint, release: ExportedRelease) -> str:
    return "live" if release is endpoint.live else "previous"
