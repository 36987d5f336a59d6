"""KServe in a cluster: what its own installation has there, and its controller and webhook as a process.

It has the rights of its own service account. The API server asks the webhook on the loopback, since nothing
routes to the pods of a Service here; its certificate is made for that.
"""

import base64
import ipaddress
import json
import os
import subprocess
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ruamel.yaml import YAML

from sandbox.processes.ports import free_port
from scripts.setup import kserve_tools
from scripts.setup.tools import BIN
from tests.integrations.kubernetes.cluster import Cluster, until

SERVICE_ACCOUNT = "system:serviceaccount:kserve:kserve-controller-manager"
_HOST = "127.0.0.1"
_RUN_BY_KUBELETS = ("Deployment", "DaemonSet")
_OF_CERT_MANAGER = ("Certificate", "Issuer")
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def there() -> bool:
    """Whether `make kserve-tools` was run."""
    return (BIN / kserve_tools.CONTROLLER.name).exists() and kserve_tools.INSTALLED.exists()


@contextmanager
def kserve(cluster: Cluster, folder: Path) -> Generator[None]:
    """KServe runs, and the cluster asks its webhook; it makes Deployments until `choose` says otherwise."""
    installed = [each for file in (kserve_tools.INSTALLED, *kserve_tools.KNATIVE) for each in _objects(file)]
    webhooks = [each for each in installed if each["kind"] in _WEBHOOKS]
    apart = (*_RUN_BY_KUBELETS, *_OF_CERT_MANAGER, *_WEBHOOKS)
    _apply(cluster, (each for each in installed if each["kind"] not in apart))
    for kind in ("inferenceservices", "services.serving.knative.dev"):
        until(lambda kind=kind: cluster.ask("get", kind, "-A").status == 0, f"the kind {kind} is known")
    choose(cluster, "RawDeployment")
    port, health = free_port(), free_port()
    certificate = _certificate(folder / "k8s-webhook-server" / "serving-certs")
    with (folder / "kserve.log").open("wb") as log:
        process = subprocess.Popen(
            [
                BIN / kserve_tools.CONTROLLER.name,
                f"--kubeconfig={_kubeconfig(cluster, folder)}",
                f"--webhook-port={port}",
                f"--health-probe-addr={_HOST}:{health}",
                "--metrics-addr=0",
            ],
            env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), "POD_NAMESPACE": "kserve"},
            stdout=log,
            stderr=log,
            cwd=folder,
        )
        try:
            until(lambda: _ready(health), f"KServe's log is {log.name}")
            _apply(cluster, (_on_the_loopback(each, port, certificate) for each in webhooks))
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def choose(cluster: Cluster, mode: str) -> None:
    """Say how KServe deploys what does not say it itself: `RawDeployment`, or `Serverless` by Knative.

    By Knative alone, whatever routes for it: KServe's own rules for Istio are switched off.
    """
    config = ("configmap", "inferenceservice-config", "-n", "kserve")
    ingress = json.loads(cluster.get(*config)["data"]["ingress"]) | {"disableIstioVirtualHost": True}
    data = {"deploy": json.dumps({"defaultDeploymentMode": mode}), "ingress": json.dumps(ingress)}
    cluster.do("patch", *config, "--type=merge", "-p", json.dumps({"data": data}))


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    yield from filter(None, YAML(typ="safe").load_all(file.read_text()))


def _apply(cluster: Cluster, objects: Iterable[dict[str, Any]]) -> None:
    """Server-side, as the definitions are too long for the annotation that kubectl would leave."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    cluster.do("apply", "--server-side", "-f", "-", given=text)


def _on_the_loopback(webhooks: dict[str, Any], port: int, certificate: bytes) -> dict[str, Any]:
    for each in webhooks["webhooks"]:
        path = each["clientConfig"].pop("service")["path"]
        each["clientConfig"] = {
            "url": f"https://{_HOST}:{port}{path}",
            "caBundle": base64.b64encode(certificate).decode(),
        }
    return webhooks


def _kubeconfig(cluster: Cluster, folder: Path) -> Path:
    value = json.loads(cluster.kubeconfig.read_text())
    value["users"][0]["user"]["as"] = SERVICE_ACCOUNT
    file = folder / "kserve-kubeconfig"
    file.write_text(json.dumps(value))
    return file


def _certificate(folder: Path) -> bytes:
    """A key and a certificate for the loopback, where the controller looks for them; the certificate."""
    folder.mkdir(parents=True)
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_HOST))])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(names, critical=True)
        .sign(key, hashes.SHA256())
    )
    written = made.public_bytes(serialization.Encoding.PEM)
    (folder / "tls.crt").write_bytes(written)
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return written


def _ready(port: int) -> bool:
    with closing(HTTPConnection(_HOST, port, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
