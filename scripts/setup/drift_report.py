"""`make drift-report-tools`: Evidently in `.tools/evidently`, an environment of its own with its own bounds.

It is made from `drift_report.txt` beside this file when that has changed, by the uv of `make setup`. It only
draws (`monitoring/drawing/`); what is drift is decided without it.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).resolve().with_name("drift_report.txt")


def main() -> int:
    """Make the environment where it is not there, or not of this lock."""
    home = ROOT / ".tools" / "evidently"
    stamp = home / ".lock-of-slipway"
    wanted = hashlib.sha256(f"{sys.version_info[:3]} {ROOT}".encode() + LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    print("setup: installing Evidently into .tools/evidently", file=sys.stderr, flush=True)
    uv, python = str(ROOT / ".tools" / "bin" / "uv"), str(home / "bin" / "python")
    for command in (
        [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(home)],
        [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, str(LOCK)],
    ):
        if subprocess.call(command, cwd=ROOT) != 0:
            print(
                "error: uv could not install Evidently (its message is above).\n"
                "  No report of drift can be drawn; drift is decided without it.\n"
                "  Check the network and the free space, then run it again: make drift-report-tools",
                file=sys.stderr,
            )
            return 4
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
