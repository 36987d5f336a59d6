"""`make opentofu`: OpenTofu's program `tofu`, by which the module of `integrations/terraform` is tested, too.

One on PATH that is new enough for the module is used. Otherwise it is built once from its Go module, as
`scripts/setup/tools.py` builds the rest: its go.mod takes OpenTofu's own HCL, since the one that it names by
default lacks what OpenTofu calls. The AWS provider is no part of it. No command needs it.
"""

import sys

from scripts.setup.tools import MODULE, Tool, build, toolchain, usable

TOFU = Tool(
    "tofu",
    "github.com/opentofu/opentofu/cmd/tofu",
    (1, 7),
    # Without this it calls itself a build under development (1.12.6-dev).
    "-s -w -X github.com/opentofu/opentofu/version.dev=no",
    MODULE / "opentofu",
)


def main() -> int:
    """Build it where it is missing."""
    if not usable(TOFU):
        with toolchain() as (go, env):
            build([TOFU], go, env)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
