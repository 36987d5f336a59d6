"""`make kserve-tools`: KServe's own controller with its webhook, for tests of what it makes of an export.

It is built once from KServe's Go module into `.tools/bin`, under a name that says its version, since it does
not say it itself. What KServe installs of it, and how Knative defines a Service, are files of the modules:
Go's checksum database vouches for them, too.
"""

import shutil
import sys
from pathlib import Path

from scripts.setup.tools import BIN, MODULE, TOOLS, Tool, build, module_folder, toolchain

VERSION = "0.15.2"
_MODULE = MODULE / "kserve"
CONTROLLER = Tool(f"kserve-controller-{VERSION}", "github.com/kserve/kserve/cmd/manager", (), module=_MODULE)
KNATIVE_ADMITS = Tool("knative-admits", ".", (), module=_MODULE)
"""Knative's rules about a Service, as its webhook has them; Knative itself is not built."""
INSTALLED = TOOLS / "kserve" / f"install-{VERSION}.yaml"
"""All that KServe's own installation has in a cluster."""
_KNATIVE = ("100-namespace.yaml", "configmaps/autoscaler.yaml", "300-resources/service.yaml")
KNATIVE = tuple(TOOLS / "kserve" / f"knative-{Path(each).name}" for each in _KNATIVE)
"""What KServe's controller looks for of Knative: its namespace, its scaling, its Service."""
_FILES = {INSTALLED: ("github.com/kserve/kserve", f"install/v{VERSION}/kserve.yaml")} | {
    file: ("knative.dev/serving", f"config/core/{path}") for file, path in zip(KNATIVE, _KNATIVE, strict=True)
}


def there() -> bool:
    """Whether all of it was made."""
    return not _missing() and all(file.exists() for file in _FILES)


def main() -> int:
    """Make what is missing."""
    missing = _missing()
    if not there():
        with toolchain() as (go, env):
            build(missing, go, env)
            for file, (module, path) in _FILES.items():
                _keep(file, module_folder(module, go, env, _MODULE) / path)
    return 0


def _missing() -> list[Tool]:
    return [tool for tool in (CONTROLLER, KNATIVE_ADMITS) if not (BIN / tool.name).exists()]


def _keep(file: Path, source: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, file)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
