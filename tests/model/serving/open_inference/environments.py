"""The environments of clients whose own pins do not fit beside ours: each made once from its lock, by uv.

Seconds, and 300 MB below .build/. Safe to call from several processes.
"""

import fcntl
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[4]
CLIENTS = Path(__file__).with_name("clients")
UV = ROOT / ".tools" / "bin" / "uv"
ALL = ("kserve", "mlserver")


def python_of(client: str) -> Path:
    """A Python with the packages of the client's lock. Raises CalledProcessError where they cannot be had."""
    lock = CLIENTS / f"{client}.txt"
    digest = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = ROOT / ".build" / "clients" / f"{client}-{digest}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (home / "whole").exists():
            _make(home, lock)
    return home / "bin" / "python"


def _make(home: Path, lock: Path) -> None:
    for command in (
        [UV, "venv", "--quiet", "--clear", "--python", sys.executable, home],
        [UV, "pip", "install", "--quiet", "--python", home / "bin" / "python", "--requirement", lock],
    ):
        subprocess.run(command, check=True, timeout=600)
    (home / "whole").touch()
