"""`make argo-tools`: a program that measures with Argo Rollouts' own web provider, in .tools/bin, for tests.

It is built once from Argo Rollouts' Go module (`scripts/setup/argo/`). No command needs it.
"""

import sys

from scripts.setup.tools import MODULE, Tool, build, toolchain, usable

VERSION = "1.8.3"
MEASURE = Tool("argo-measure", ".", (1, 8, 3), f"-s -w -X main.version={VERSION}", MODULE / "argo")


def main() -> int:
    """Build it where it is missing."""
    if not usable(MEASURE):
        with toolchain() as (go, env):
            build([MEASURE], go, env)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
