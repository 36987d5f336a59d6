"""`make flagger-tools`: Flagger on this machine, for tests of its export and of the judge's service.

Its controller is built once from its Go module (`scripts/setup/flagger/`), and the definitions of its kinds
are copied from there. No command needs either.
"""

import shutil
import sys

from scripts.setup.tools import MODULE, TOOLS, Tool, build, module_folder, toolchain, usable

_NAME = "github.com/fluxcd/flagger"
_MODULE = MODULE / "flagger"
FLAGGER = Tool("flagger", f"{_NAME}/cmd/flagger", (1, 41, 0), module=_MODULE, asks="-version")
CRDS = TOOLS / "flagger" / "crd.yaml"
"""The definitions of its kinds."""


def main() -> int:
    """Make what is missing."""
    missing = [] if usable(FLAGGER) else [FLAGGER]
    if missing or not CRDS.exists():
        with toolchain() as (go, env):
            build(missing, go, env)
            CRDS.parent.mkdir(exist_ok=True)
            part = CRDS.with_suffix(".part")
            shutil.copyfile(
                module_folder(_NAME, go, env, _MODULE) / "artifacts" / "flagger" / CRDS.name, part
            )
            part.replace(CRDS)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
