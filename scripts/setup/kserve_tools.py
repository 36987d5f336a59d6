"""`make kserve-tools`: KServe's own controller with its webhook, for tests of what it makes of an export.

It is built once from KServe's Go module into `.tools/bin`, under a name that says its version, since it does
not say it itself. What KServe installs of it, and how Knative defines a Service, are files of the modules:
Go's checksum database vouches for them, too.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from scripts.setup.tools import BIN, MODULE, TOOLS, Tool, build, toolchain

VERSION = "0.15.2"
CONTROLLER = Tool(
    f"kserve-controller-{VERSION}", "github.com/kserve/kserve/cmd/manager", (), module=MODULE / "kserve"
)
KNATIVE_ADMITS = Tool("knative-admits", ".", (), module=MODULE / "kserve")
"""Knative's rules about a Service, as its webhook has them; Knative itself is not built."""
INSTALLED = TOOLS / "kserve" / f"install-{VERSION}.yaml"
"""All that KServe's own installation has in a cluster."""
_KNATIVE = ("100-namespace.yaml", "configmaps/autoscaler.yaml", "300-resources/service.yaml")
KNATIVE = tuple(TOOLS / "kserve" / f"knative-{Path(each).name}" for each in _KNATIVE)
"""What KServe's controller looks for of Knative: its namespace, its scaling, its Service."""
_FILES = {INSTALLED: ("github.com/kserve/kserve", f"install/v{VERSION}/kserve.yaml")} | {
    file: ("knative.dev/serving", f"config/core/{path}") for file, path in zip(KNATIVE, _KNATIVE, strict=True)
}


def main() -> int:
    """Make what is missing."""
    missing = [tool for tool in (CONTROLLER, KNATIVE_ADMITS) if not (BIN / tool.name).exists()]
    if missing or not all(file.exists() for file in _FILES):
        with toolchain() as (go, env):
            build(missing, go, env)
            for file, (module, path) in _FILES.items():
                _keep(file, _folder_of(module, go, env) / path)
    return 0


def _folder_of(module: str, go: str, env: dict[str, str]) -> Path:
    """Where the sources of a module lie, of the version that go.mod pins."""
    subprocess.run([go, "mod", "download", module], cwd=CONTROLLER.module, env=env, check=True)
    command = [go, "list", "-m", "-f", "{{.Dir}}", module]
    done = subprocess.run(
        command, cwd=CONTROLLER.module, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(done.stdout.strip())


def _keep(file: Path, source: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, file)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
