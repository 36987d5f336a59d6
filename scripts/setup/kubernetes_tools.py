"""`make kubernetes-tools`: a Kubernetes API server on this machine, for the tests of manifests.

`kubectl` (with kustomize in it), `kube-apiserver` and `kube-controller-manager` are built once from their Go
modules, as `scripts/setup/tools.py` builds the rest, where PATH has none that is new enough: ten minutes on
two cores, and 2 GB of memory. So is `kwok`, which says of pods that they are ready and runs none, with what
its module says that a kubelet says. `etcd` is Debian's, unpacked without root. The kind ServiceMonitor is
defined in the module of the Prometheus operator. kubernetes-validate with the schemas of many versions gets
an environment of its own, since it is 200 MB that no command needs.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.setup.environment import Environment
from scripts.setup.tools import BIN, MODULE, ROOT, TOOLS, Tool, build, toolchain, usable

VERSION = "1.36.3"
_SET = "-X k8s.io/component-base/version"
_LDFLAGS = f"-s -w {_SET}.gitVersion=v{VERSION} {_SET}.gitMajor=1 {_SET}.gitMinor=36"
_KEPT = TOOLS / "kubernetes"
SERVICE_MONITOR = _KEPT / "monitoring.coreos.com_servicemonitors.yaml"
STAGES = tuple(
    _KEPT / f"{name}.yaml"
    for name in ("node-initialize", "node-heartbeat-with-lease", "pod-ready", "pod-complete", "pod-delete")
)
"""What kwok says of a node and of pods, and when."""


@dataclass(frozen=True)
class Sources:
    """Files of a Go module, and what the module has to be."""

    module: str
    checksum: str
    folders: tuple[str, ...]
    kept: tuple[Path, ...]


SOURCES = (
    Sources(
        "github.com/prometheus-operator/prometheus-operator@v0.92.1",
        "h1:rHWuFo6SVya4FBSCNg2DCzyc4xAv54zk3eDTzp5mQZc=",
        ("example/prometheus-operator-crd",),
        (SERVICE_MONITOR,),
    ),
    Sources(
        "sigs.k8s.io/kwok@v0.8.0",
        "h1:OTIOTwgROqPMovcTwxICx2eYQ4AwLpSx5EpjbDKF4SQ=",
        tuple(f"kustomize/stage/{name}" for name in ("node/fast", "node/heartbeat-with-lease", "pod/fast")),
        STAGES,
    ),
)


def _of_kubernetes(name: str, minimum: tuple[int, ...], asks: str = "--version") -> Tool:
    package = f"k8s.io/kubernetes/cmd/{name}"
    return Tool(name, package, minimum, _LDFLAGS, MODULE / "kubernetes", asks)


KWOK = Tool("kwok", "sigs.k8s.io/kwok/cmd/kwok", (0, 8), module=MODULE / "kwok", asks="--version")
KUBERNETES_TOOLS = (
    _of_kubernetes("kubectl", (1, 27), "version --client"),
    _of_kubernetes("kube-apiserver", (1, 36)),
    _of_kubernetes("kube-controller-manager", (1, 36)),
    KWOK,
)
VALIDATOR = Environment(
    ROOT,
    "kubernetes-validate",
    Path(__file__).resolve().with_name("kubernetes_tools.txt"),
    "kubernetes-validate",
    "Manifests cannot be compared with the schemas of several versions.",
    "kubernetes-tools",
)


def main() -> int:
    """Make what is missing."""
    if (code := VALIDATOR.provide()) != 0:
        return code
    if shutil.which("etcd") is None and not (BIN / "etcd").exists() and not _etcd():
        return 4
    missing = [tool for tool in KUBERNETES_TOOLS if not usable(tool)]
    lacking = [each for each in SOURCES if not all(file.exists() for file in each.kept)]
    if missing or lacking:
        with toolchain() as (go, env):
            build(missing, go, env)
            for sources in lacking:
                _keep(sources, go, env)
    return 0


def _keep(sources: Sources, go: str, env: dict[str, str]) -> None:
    """Keep a module's files; raises RuntimeError where the module is not the one that is known."""
    command = [go, "mod", "download", "-json", sources.module]
    said = subprocess.run(command, cwd=MODULE / "kubernetes", env=env, capture_output=True, check=True).stdout
    module = json.loads(said)
    if module["Sum"] != sources.checksum:
        raise RuntimeError(f"{sources.module} is {module['Sum']}, not {sources.checksum}: not used.")
    _KEPT.mkdir(exist_ok=True)
    folders = [Path(module["Dir"]) / folder for folder in sources.folders]
    for file in sources.kept:
        [found] = [folder / file.name for folder in folders if (folder / file.name).exists()]
        shutil.copy(found, file)


def _etcd() -> bool:
    """Unpack Debian's etcd into .tools/bin; whether that was possible."""
    TOOLS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TOOLS) as folder:
        if subprocess.call(["apt-get", "download", "-qq", "etcd-server"], cwd=folder) == 0:
            [archive] = Path(folder).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
            shutil.copy(Path(folder) / "usr" / "bin" / "etcd", BIN / "etcd")
            return True
    print(
        "error: apt-get could not download etcd-server (its message is above).\n"
        "  No API server can be started; manifests are still compared with schemas.\n"
        "  Run apt-get update, or put an etcd on PATH, and run it again: make kubernetes-tools",
        file=sys.stderr,
    )
    return False


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
