"""The Deployment of an endpoint: what is the same for every release, and what a release adds. Pure.

The two halves are one object by kustomize's strategic merge: containers, variables and volumes by their
names. A container is as the sandbox runs it, and what PodSecurity calls restricted: no root, a read-only file
system, no capability, no way to a new one, no token of the cluster.
"""

from typing import Any

from release.domain import kubernetes_names as k8s
from release.domain import kubernetes_pods
from release.domain.exported import ExportedEndpoint, ExportedRelease
from release.domain.kubernetes_pods import MODEL_DIR, PORT, REGION, USER

PORT_NAME = "http"
SERVER, FETCHER = "server", "fetch-model"
_TMP = "64Mi"
_LEAST_ROOM = 256
_ROOM_FOR_EACH = 20
"""A model may take so many times its archive, which is in it at first; a larger one ends its pod."""
_DRAIN_SECONDS = 10
"""Until every node knows that a pod that ends gets no more requests."""
_LONGEST_REQUEST_SECONDS = 60
"""SageMaker's limit for an answer; whoever waits for one gets it before its pod ends."""
_SKIP = "eks.amazonaws.com/skip-containers"


def labels(endpoint: ExportedEndpoint) -> dict[str, str]:
    """What all of an endpoint's objects have."""
    return k8s.labels(endpoint.served_as, endpoint.key)


def selector(endpoint: ExportedEndpoint) -> dict[str, str]:
    """By which its pods are found, for ever: a Deployment's selector cannot be changed.

    One label, as Argo Rollouts and Flagger find the same pods by it.
    """
    return {k8s.NAME: labels(endpoint)[k8s.NAME]}


def base(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """The Deployment without a release."""
    counted = {"replicas": endpoint.fixed} if endpoint.fixed else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": endpoint.served_as, "labels": labels(endpoint)},
        "spec": {
            **counted,
            # What `kubectl rollout undo` finds; it asks nobody about fences.
            "revisionHistoryLimit": 2 if endpoint.way_back else 0,
            "selector": {"matchLabels": selector(endpoint)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {"metadata": {"labels": labels(endpoint)}, "spec": _pod(endpoint)},
        },
    }


def of_release(endpoint: ExportedEndpoint, release: ExportedRelease, region: str) -> dict[str, Any]:
    """What a release adds: its image by digest, its model with its SHA-256, its variables, its size.

    `region` is where its model lies, and what it keeps of requests. Raises UsageError for a release that no
    cluster could run.
    """
    kubernetes_pods.refuse_unrunnable(endpoint, release)
    pin = release.pin
    version = {"app.kubernetes.io/version": pin.release}
    # Without the webhook's token the server can become nobody in AWS.
    skipped = {"annotations": {_SKIP: SERVER}}
    fetched = kubernetes_pods.artifact(release) | {REGION: region}
    told = {"SAGEMAKER_BIND_TO_PORT": str(PORT), "SM_MODEL_DIR": MODEL_DIR}
    pod = {
        "initContainers": [{"name": FETCHER, "image": pin.image, "env": kubernetes_pods.listed(fetched)}],
        "containers": [
            {
                "name": SERVER,
                "image": pin.image,
                "env": kubernetes_pods.variables(endpoint, release, region, told),
                "resources": kubernetes_pods.size_of(endpoint, release).resources(),
            }
        ],
        "volumes": [{"name": "model", "emptyDir": {"sizeLimit": _room(release.manifest.model.size)}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": endpoint.served_as, "labels": version},
        "spec": {"template": {"metadata": {"labels": version, **skipped}, "spec": pod}},
    }


def _pod(endpoint: ExportedEndpoint) -> dict[str, Any]:
    spread = {
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(endpoint)},
    }
    topologies = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    return {
        "serviceAccountName": endpoint.served_as,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": kubernetes_pods.NODES,
        "terminationGracePeriodSeconds": _DRAIN_SECONDS + _LONGEST_REQUEST_SECONDS + 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [{"topologyKey": topology, **spread} for topology in topologies],
        "initContainers": [_fetcher()],
        "containers": [_server()],
        "volumes": [
            {"name": "model", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": _TMP}},
        ],
    }


def _fetcher() -> dict[str, Any]:
    return {
        "name": FETCHER,
        "args": ["fetch"],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": _locked_up(),
        "volumeMounts": [
            {"name": "model", "mountPath": MODEL_DIR},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
        ],
    }


def _server() -> dict[str, Any]:
    ping = {"httpGet": {"path": "/ping", "port": PORT_NAME}}
    drain = ["python3", "-c", f"import time; time.sleep({_DRAIN_SECONDS})"]
    return {
        "name": SERVER,
        "args": ["serve"],
        "ports": [{"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {**ping, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 150},
        "readinessProbe": {**ping, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 2},
        "livenessProbe": {**ping, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
        "lifecycle": {"preStop": {"exec": {"command": drain}}},
        "securityContext": _locked_up(),
        "volumeMounts": [
            {"name": "model", "mountPath": MODEL_DIR, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
        ],
    }


def _locked_up() -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
    }


def _room(size: int) -> str:
    """What the model's volume may take."""
    return f"{max(_LEAST_ROOM, _ROOM_FOR_EACH * size // 1024**2)}Mi"
