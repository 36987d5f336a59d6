"""A node on which no container runs: kwok says of every pod there what a kubelet says of one that serves.

No scheduler is here either: a policy of the API server puts each pod on the node as it is made. So a rollout
completes and a Service has endpoints, and what an image does, or whether a pod fits, nobody knows.
"""

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.setup.kubernetes_tools import STAGES
from tests.integrations.kubernetes.cluster import Cluster, program, until

NAME = "here"
_ADMISSION = "admissionregistration.k8s.io/v1"
_PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
_PUT = f"Object{{spec: Object.spec{{nodeName: '{NAME}'}}}}"
_OBJECTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NAME}},
    {
        "apiVersion": _ADMISSION,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": NAME},
        "spec": {
            "matchConstraints": {"resourceRules": [_PODS]},
            "reinvocationPolicy": "Never",
            "mutations": [
                {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": _PUT}},
            ],
        },
    },
    {
        "apiVersion": _ADMISSION,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": NAME},
        "spec": {"policyName": NAME},
    },
]
_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "probe", "namespace": "default"},
    "spec": {"containers": [{"name": "probe", "image": "none"}]},
}


@contextmanager
def node(cluster: Cluster, folder: Path) -> Generator[None]:
    """The node is ready and every new pod is put on it; skips where kwok is missing."""
    kwok = program("kwok")
    cluster.do("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": _OBJECTS}))
    with (folder / "kwok.log").open("wb") as log:
        command = [kwok, f"--kubeconfig={cluster.kubeconfig}", f"--manage-single-node={NAME}"]
        command += ["--node-lease-duration-seconds=40", *(f"--config={file}" for file in STAGES)]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            cluster.do("wait", "--for=condition=Ready", f"node/{NAME}", "--timeout=120s")
            until(lambda: _is_put(cluster), "a new pod is put on the node")
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def _is_put(cluster: Cluster) -> bool:
    """Whether a new pod would be; nothing is made."""
    words = ("create", "--dry-run=server", "-o", "json", "-f", "-")
    done = cluster.ask(*words, given=json.dumps(_POD))
    return done.status == 0 and json.loads(done.out)["spec"].get("nodeName") == NAME
