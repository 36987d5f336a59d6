"""`make data-tools`: DVC in `.tools/dvc`, an environment of its own, because its boto3 is not the project's.

It is made from `data_tools.txt` beside this file when that has changed, by the uv of `make setup`.
`.tools/bin/dvc` starts it, says nothing to its makers, and keeps its caches inside the checkout.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

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
    tools = ROOT / ".tools"
    home, stamp = tools / "dvc", tools / "dvc" / ".lock-of-slipway"
    wanted = hashlib.sha256(
        f"{sys.version_info[:3]} {ROOT} {LAUNCHER}".encode() + LOCK.read_bytes()
    ).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    print("setup: installing DVC into .tools/dvc", file=sys.stderr, flush=True)
    uv, python = str(tools / "bin" / "uv"), str(home / "bin" / "python")
    for command in (
        [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(home)],
        [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, str(LOCK)],
    ):
        if subprocess.call(command, cwd=ROOT) != 0:
            print(
                "error: uv could not install DVC (its message is above).\n"
                "  The data's pipeline cannot run; everything else can.\n"
                "  Check the network and the free space, then run it again: make data-tools",
                file=sys.stderr,
            )
            return 4
    launcher = tools / "bin" / "dvc"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
