"""A virtual environment for each peer, with exactly what its requirements file pins. Made once, kept."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.serving.peers.base import FOLDER, Peer
from demo.project import ROOT

UV = ROOT / ".tools" / "bin" / "uv"
REQUIREMENTS = FOLDER / "requirements"
_STAMP = ".requirements"
_SHOWN = 300
_VERSION = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"


class CannotInstall(Exception):
    """Why a peer is not here; the text is for the report."""


@dataclass(frozen=True)
class Environment:
    """An environment's `bin`, and the version of the product in it."""

    bin: Path
    version: str


def prepare(peer: Peer, folder: Path) -> Environment:
    """The environment of `peer` in `folder`, made if it is missing or old. Raises CannotInstall."""
    for name in peer.needs:
        if shutil.which(name) is None:
            raise CannotInstall(f"it needs {name}, which is not on PATH")
    if not peer.requirements:
        return Environment(Path(sys.executable).parent, "this commit")
    home = folder / peer.requirements
    python = _python(peer)
    locked = REQUIREMENTS / f"{peer.requirements}.txt"
    wanted = hashlib.sha256(f"{python} {home}".encode() + locked.read_bytes()).hexdigest()
    stamp = home / _STAMP
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        _run([UV, "venv", "--quiet", "--python", python, home])
        inside = home / "bin" / "python"
        _run([UV, "pip", "sync", "--quiet", "--compile-bytecode", "--python", inside, locked])
        stamp.write_text(wanted)
    version = _run([home / "bin" / "python", "-c", _VERSION, peer.distribution]).strip()
    return Environment(home / "bin", version)


def _python(peer: Peer) -> str:
    """This Python, or where it is too new for the peer an older one on PATH."""
    if sys.version_info[:2] <= peer.newest_python:
        return sys.executable
    for minor in range(peer.newest_python[1], 10, -1):
        if found := shutil.which(f"python3.{minor}"):
            return found
    low, high = "3.11", ".".join(map(str, peer.newest_python))
    raise CannotInstall(f"it needs Python {low} to {high}, and none is on PATH")


def _run(command: list[str | Path]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotInstall(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        raise CannotInstall(f"{Path(command[0]).name} failed: {' '.join(done.stderr.split())[-_SHOWN:]}")
    return done.stdout
