"""The layer of the locked requirements: those wheels, for the target Python, in /opt/program/dependencies.

uv installs them by hash, so that what an index serves cannot change what is installed. Source distributions
are refused: their builds depend on the machine.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from model.image.errors import DependencyError, ToolError
from model.image.layers import Entry, write_layer
from model.image.program import HOME

PLATFORM = "x86_64-manylinux_2_28"
"""uv's name for Linux on x86-64 with glibc 2.28 or newer: Debian 10, Amazon Linux 2023."""
_FORMAT = 1
"""Raised when the same requirements are to give another layer."""
_FOLDER = HOME / "dependencies"
_VERSION_FILE = HOME / "python-version"
# What an installation leaves behind that differs from machine to machine: uv's lock, the scripts with the
# path of the Python that installed them, and the records of both.
_LEFT_OUT_FOLDERS = frozenset({"bin", "__pycache__"})
_LEFT_OUT_FILES = frozenset({".lock", "INSTALLER", "RECORD", "REQUESTED", "direct_url.json"})


def dependencies_key(requirements: Path, python: str, base: str | None) -> str:
    """A name for all that decides about the layer and what is below it. Raises DependencyError."""
    try:
        locked = requirements.read_bytes()
    except OSError as error:
        raise DependencyError(
            f"The locked requirements {requirements} cannot be read: {error.strerror}.",
            "No image was built.",
            "Lock model/serving/requirements.in with uv pip compile --generate-hashes.",
        ) from error
    parts = (str(_FORMAT), python, PLATFORM, base or "", hashlib.sha256(locked).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def write_dependencies(requirements: Path, python: str, uv: Path | None, tar: Path) -> None:
    """Installs `requirements` for `python` (like "3.11") and writes them as a layer to `tar`.

    Raises ToolError without uv, DependencyError when a requirement has no wheel or another hash, OSError.
    """
    with tempfile.TemporaryDirectory(dir=tar.parent, prefix=".dependencies-") as name:
        folder = Path(name)
        installed, version = folder / "installed", folder / "python-version"
        _install(requirements, python, _uv(uv), installed)
        version.write_text(f"{python}\n")
        write_layer([Entry(version, _VERSION_FILE), *_entries(installed)], tar)


def _install(requirements: Path, python: str, uv: Path, folder: Path) -> None:
    command = [uv, "pip", "install", "--quiet", "--target", folder, "--python", sys.executable]
    command += ["--python-version", python, "--python-platform", PLATFORM]
    command += ["--only-binary", ":all:", "--require-hashes", "--no-deps", "--requirements", requirements]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise DependencyError(
            f"uv cannot install {requirements.name} for Python {python}: {done.stderr.strip()}",
            "No image was built.",
            "Lock the requirements again, or check the package index and the network, and run again.",
        )


def _entries(installed: Path) -> Iterator[Entry]:
    for path in installed.rglob("*"):
        relative = path.relative_to(installed)
        left_out = path.name in _LEFT_OUT_FILES or not _LEFT_OUT_FOLDERS.isdisjoint(relative.parts[:-1])
        if path.is_file() and not left_out:
            yield Entry(path, _FOLDER / PurePosixPath(*relative.parts))


def _uv(given: Path | None) -> Path:
    beside = str(Path(sys.executable).parent)
    found = given or shutil.which("uv", path=os.pathsep.join((beside, os.environ.get("PATH", ""))))
    if found is None or not Path(found).exists():
        raise ToolError(
            f"uv is not at {given}." if given else "There is no uv on PATH.",
            "No image was built: uv installs the requirements for the image.",
            "Run make setup, which fetches it.",
        )
    return Path(found)
