"""`make data-tools`: DVC in `.tools/dvc`, an environment of its own, because its boto3 is not the project's.

It is made from `data_tools.txt` beside this file when that has changed, by the uv of `make setup`.
`.tools/bin/dvc` starts it, says nothing to its makers, and keeps its caches inside the checkout.
"""

import sys
from pathlib import Path

from scripts.setup.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).resolve().with_name("data_tools.txt")
LAUNCHER = """#!/bin/sh
# Written by make data-tools.
tools=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)
export DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR="${DVC_SITE_CACHE_DIR:-$tools/dvc/site-cache}"
exec "$tools/dvc/bin/dvc" "$@"
"""


def main() -> int:
    """Make the environment where it is not there, or not of this lock."""
    without = "The data's pipeline cannot run; everything else can."
    environment = Environment(ROOT, "dvc", LOCK, "DVC", without, "data-tools", LAUNCHER)
    return environment.provide(_launcher)


def _launcher() -> None:
    launcher = ROOT / ".tools" / "bin" / "dvc"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
