"""`make setup`: from a bare Python 3.11+ to everything the project needs, inside the checkout.

Standard library only, because it runs before anything is installed. It makes `.venv` from requirements.lock
with uv (fetched by pip where it is missing) and then builds the tools that are no Python packages
(`scripts/setup/tools.py`). It writes nothing outside the checkout, and does nothing when all is there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
UV_VERSION = "0.13.9"
SUPPORTED = ((3, 11), (3, 13))


def main() -> int:
    _require_python()
    uv = _uv()
    _make_venv(uv)
    return subprocess.call([VENV / "bin" / "python", "-m", "scripts.setup.tools"], cwd=ROOT)


def _require_python() -> None:
    low, high = SUPPORTED
    if low <= sys.version_info[:2] <= high:
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found and os.environ.get("SLIPWAY_SETUP_PYTHON") != found:
            os.environ["SLIPWAY_SETUP_PYTHON"] = found
            os.execv(found, [found, *sys.argv])  # noqa: S606 - the same script, on a Python that fits
    _fail(
        f"Python {sys.version_info[0]}.{sys.version_info[1]} is not supported.",
        "Install Python 3.11, 3.12 or 3.13 and run: make setup PYTHON=/path/to/python3",
    )


def _uv() -> Path:
    """uv from PATH, else fetched once by pip into .tools."""
    link = TOOLS / "bin" / "uv"
    if link.exists():
        return link
    found = shutil.which("uv")
    if not found:
        _say(f"fetching uv {UV_VERSION}")
        target = TOOLS / "uv"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.call([*pip, "--target", target, "--upgrade", f"uv=={UV_VERSION}"]) != 0:
            _fail(
                "uv is not on PATH and pip could not fetch it.",
                "Install pip (Debian: apt-get install python3-pip) or uv, check the network, run it again.",
            )
        found = str(target / "bin" / "uv")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(found)
    return link


def _make_venv(uv: Path) -> None:
    stamp = VENV / ".slipway-lock"
    wanted = _fingerprint()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    _say("installing the locked requirements into .venv")
    python = VENV / "bin" / "python"
    commands = [
        [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, VENV],
        [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, ROOT / "requirements.lock"],
    ]
    for command in commands:
        if subprocess.call([str(part) for part in command], cwd=ROOT) != 0:
            _fail(
                "uv could not make .venv (its message is above).",
                "Check the network and the free space, then run it again; what was fetched is kept.",
            )
    # The checkout is no package: its rooms are imported from where they lie.
    site = next((VENV / "lib").glob("python3.*/site-packages"))
    (site / "slipway.pth").write_text(f"{ROOT}\n")
    stamp.write_text(wanted)


def _fingerprint() -> str:
    """Changes when .venv has to be made anew: other requirements, other Python, other checkout folder."""
    digest = hashlib.sha256(f"{sys.version_info[:3]} {ROOT}".encode())
    for name in ("requirements.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def _fail(cause: str, next_step: str) -> NoReturn:
    print(f"error: {cause}\n  {next_step}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
