"""`make argo-tools`: Argo Rollouts on this machine, for tests of its export and of the judge's service.

Built once from its Go module (`scripts/setup/argo/`): its controller, and a program that measures with its
web provider. The definitions of its kinds are copied from the module. No command needs any of it.
"""

import shutil
import sys

from scripts.setup.tools import MODULE, TOOLS, Tool, build, module_folder, toolchain, usable

VERSION = "1.8.3"
_NAME = "github.com/argoproj/argo-rollouts"
_MODULE = MODULE / "argo"
_MINIMUM = (1, 8, 3)
_SET = f"-s -w -X main.version={VERSION} -X {_NAME}/utils/version.version={VERSION}"
ARGO_TOOLS = (
    Tool("argo-measure", ".", _MINIMUM, _SET, _MODULE),
    Tool("rollouts-controller", f"{_NAME}/cmd/rollouts-controller", _MINIMUM, _SET, _MODULE, "--version"),
)
CRDS = TOOLS / "argo"
"""A folder with the definitions of its kinds."""


def main() -> int:
    """Make what is missing."""
    missing = [tool for tool in ARGO_TOOLS if not usable(tool)]
    if missing or not CRDS.exists():
        with toolchain() as (go, env):
            build(missing, go, env)
            part = TOOLS / "argo.part"
            shutil.rmtree(part, ignore_errors=True)
            found = module_folder(_NAME, go, env, _MODULE) / "manifests" / "crds"
            shutil.copytree(found, part, ignore=shutil.ignore_patterns("kustomization.yaml"))
            shutil.rmtree(CRDS, ignore_errors=True)
            part.replace(CRDS)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
