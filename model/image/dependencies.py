"""The layer of the locked requirements: those wheels, for the target Python, in /opt/program/dependencies.

uv installs them by hash, so that what an index serves cannot change what is installed. Source distributions
are refused: their builds depend on the machine.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from model.image.errors import DependencyError, ToolError
from model.image.layers import Entry, write_layer
from model.image.program import HOME
from model.image.wheels import Wheel, read_wheels

PLATFORM = "x86_64-manylinux_2_28"
"""uv's name for Linux on x86-64 with glibc 2.28 or newer: Debian 10, Amazon Linux 2023."""
_FORMAT = 3
"""Raised when the same requirements are to give another layer."""
_VERSION_FILE = HOME / "python-version"
# What an installation leaves behind that differs from machine to machine: uv's lock, the scripts with the
# path of the Python that installed them, and the records of both.
_LEFT_OUT_FOLDERS = frozenset({"bin", "__pycache__"})
_LEFT_OUT_FILES = frozenset({".lock", "INSTALLER", "RECORD", "REQUESTED", "direct_url.json"})
# What no server loads: tests, the library for programs in C (Python's module has all of it inside), and the
# tools that make or compile things. A quarter of the installed size.
_UNSERVED = re.compile(
    r"""(?:.+/)?tests/.+
    |onnxruntime/capi/libonnxruntime\.so\.[\d.]+
    |onnxruntime/(?:transformers|quantization|tools|datasets)/.+
    |numpy/(?:f2py|distutils)/.+""",
    re.VERBOSE,
)


class Where(NamedTuple):
    """The image's folder of a layer of requirements, and which of their files are left out."""

    folder: PurePosixPath
    unused: re.Pattern[str]


SERVING = Where(HOME / "dependencies", _UNSERVED)


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


def write_dependencies(
    requirements: Path, python: str, uv: Path | None, tar: Path, where: Where = SERVING
) -> tuple[Wheel, ...]:
    """Installs `requirements` for `python` (like "3.11") and writes them as a layer to `tar`; returns them.

    Raises ToolError without uv, DependencyError when a requirement has no wheel or another hash, OSError.
    """
    with tempfile.TemporaryDirectory(dir=tar.parent, prefix=".dependencies-") as name:
        installed = Path(name)
        wheels = install(requirements, python, uv, installed)
        write_layer(dependency_entries(installed, python, where), tar)
    return wheels


def install(requirements: Path, python: str, uv: Path | None, folder: Path) -> tuple[Wheel, ...]:
    """Installs `requirements` for `python` into `folder`; returns the wheels that they came from.

    Raises as `write_dependencies`.
    """
    program = str(_uv(uv))
    target = [
        "--python-version",
        python,
        "--python-platform",
        PLATFORM,
        "--only-binary",
        ":all:",
        "--no-deps",
    ]
    into = ["--target", str(folder), "--python", sys.executable, "--require-hashes"]
    _run(
        [program, "pip", "install", "--quiet", *into, *target, "--requirements", str(requirements)],
        f"uv cannot install {requirements.name} for Python {python}",
    )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".lock-") as name:
        lock = Path(name) / "pylock.toml"
        told = ["--quiet", "--no-header", "--format", "pylock.toml", "--output-file", str(lock)]
        _run(
            [program, "pip", "compile", *told, *target, str(requirements)],
            f"uv cannot tell the wheels of {requirements.name}",
        )
        return read_wheels(folder, lock.read_text(encoding="utf-8"))


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise DependencyError(
            f"{failure}: {done.stderr.strip()}",
            "No image was built.",
            "Lock the requirements again, or check the package index and the network, and run again.",
        )


def dependency_entries(installed: Path, python: str, where: Where = SERVING) -> Iterator[Entry]:
    """The entries of what `install` left, and of the version of Python that it is for."""
    yield Entry(f"{python}\n".encode(), _VERSION_FILE)
    yield from _entries(installed, where)


def _entries(installed: Path, where: Where) -> Iterator[Entry]:
    for path in installed.rglob("*"):
        relative = path.relative_to(installed)
        left_out = path.name in _LEFT_OUT_FILES or not _LEFT_OUT_FOLDERS.isdisjoint(relative.parts[:-1])
        if path.is_file() and not left_out and not where.unused.fullmatch(relative.as_posix()):
            yield Entry(path, where.folder / PurePosixPath(*relative.parts))


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
