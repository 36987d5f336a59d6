"""A Kubernetes API server without a node: etcd and kube-apiserver, and the controllers that make pods.

No kubelet runs: who needs pods that are ready has a node beside it (`node`), or says so of some of them
(`Cluster.serve`). Everything listens on the loopback, on free ports, and ends with the test.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import ROOT

PROGRAMS = ("kubectl", "etcd", "kube-apiserver", "kube-controller-manager")
PATIENCE = 120.0
_PATH = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
_HOST = "127.0.0.1"


def program(name: str) -> str:
    """A program's path; skips the test where it is not there."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"there is no {name}: make kubernetes-tools")
    return found


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until something is so; returns what was answered."""
    end = time.monotonic() + PATIENCE
    while not (answer := true()):
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s: {what}"
        time.sleep(0.1)
    return answer


@dataclass(frozen=True)
class Done:
    """What kubectl answered."""

    status: int
    out: str
    err: str


class Cluster:
    """One API server."""

    def __init__(self, folder: Path, port: int) -> None:
        self._kubectl, self._config = program("kubectl"), folder / "kubeconfig"
        self._home = folder
        self._port = port

    def ask(self, *arguments: str, given: str = "") -> Done:
        """Run kubectl."""
        env = {"PATH": _PATH, "HOME": str(self._home), "KUBECONFIG": str(self._config)}
        done = subprocess.run(
            [self._kubectl, *arguments], input=given, env=env, capture_output=True, text=True, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def do(self, *arguments: str, given: str = "") -> str:
        """Run kubectl; what it printed. Raises AssertionError where it fails."""
        done = self.ask(*arguments, given=given)
        assert done.status == 0, f"kubectl {' '.join(arguments)}: {done.out}{done.err}"
        return done.out

    def get(self, *arguments: str) -> Any:
        """What kubectl gets, as a value."""
        return json.loads(self.do("get", *arguments, "-o", "json"))

    @property
    def kubeconfig(self) -> Path:
        """What names it and lets a client in, as JSON."""
        return self._config

    def ready(self) -> bool:
        """Whether it answers."""
        return self.ask("get", "--raw", "/readyz").status == 0

    def serve(self, namespace: str, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Say of every pod with these labels what a kubelet says when it serves; the pods."""
        wanted = ",".join(f"{name}={value}" for name, value in labels.items())
        pods = self.get("pods", "-n", namespace, "-l", wanted)["items"]
        status = json.dumps({"status": {"phase": "Running", "conditions": [_READY]}})
        for pod in pods:
            name = pod["metadata"]["name"]
            done = self.ask("patch", "pod", name, "-n", namespace, "--subresource=status", "-p", status)
            # one that a controller took away meanwhile needs no kubelet any more
            assert done.status == 0 or "NotFound" in done.err, done.err
        return pods


_READY = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}


@contextmanager
def start(folder: Path) -> Generator[Cluster]:
    """A cluster whose objects are gone with it; skips where a program is missing."""
    found = {name: program(name) for name in PROGRAMS}
    client, peer, secure = _free_ports(3)
    key, tokens = folder / "accounts.pem", folder / "tokens.csv"
    key.write_bytes(_private_key())
    token = secrets.token_hex(16)
    tokens.write_text(f'{token},admin,admin,"system:masters"\n')
    etcd, certificates = f"http://{_HOST}:{client}", folder / "certificates"
    cluster = Cluster(folder, secure)
    _kubeconfig(folder / "kubeconfig", secure, token, certificates / "apiserver.crt")
    with ExitStack() as running:

        def run(name: str, *arguments: str) -> None:
            log = running.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen([found[name], *arguments], stdout=log, stderr=log, cwd=folder)
            running.callback(_end, process)

        run(
            "etcd",
            f"--data-dir={folder / 'etcd'}",
            *(f"--{kind}-client-urls={etcd}" for kind in ("listen", "advertise")),
            f"--listen-peer-urls=http://{_HOST}:{peer}",
        )
        run(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            f"--bind-address={_HOST}",
            f"--secure-port={secure}",
            f"--cert-dir={certificates}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
        )
        until(cluster.ready, f"the API server's log is {folder / 'kube-apiserver.log'}")
        run(
            "kube-controller-manager",
            f"--kubeconfig={folder / 'kubeconfig'}",
            f"--service-account-private-key-file={key}",
            "--leader-elect=false",
            "--secure-port=0",
        )
        yield cluster


def _kubeconfig(file: Path, port: int, token: str, certificate: Path) -> None:
    server = {"server": f"https://{_HOST}:{port}", "certificate-authority": str(certificate)}
    value = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": server}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
        "current-context": "here",
    }
    file.write_text(json.dumps(value))


def _private_key() -> bytes:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all taken at once so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((_HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
