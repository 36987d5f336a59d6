"""The environments of clients that nobody here wrote: each its own, made once, shared by all test runs.

They lie in `.build/clients/<name>-<version>` of the project. Versions are pinned here and nowhere else; what
a client brings along is pinned by requirements.lock where the project has it too.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[3]
CACHE: Final = PROJECT / ".build" / "clients"
PROGRAMS: Final = Path(__file__).parent / "programs"
INSTALL_LIMIT: Final = 600.0
"""Seconds for one installation on a slow line."""


_PINS: Final = ("-c", str(PROJECT / "requirements.lock"))


@dataclass(frozen=True)
class Client:
    """A client on PyPI, and what it uses without asking for it.

    `locked` is whether requirements.lock may pin what it brings along.
    """

    name: str
    version: str
    beside: tuple[str, ...] = ()
    locked: bool = True


# awscli asks for its own exact botocore, another than the project's.
AWSCLI: Final = Client("awscli", "1.46.2", locked=False)
MLFLOW: Final = Client("mlflow", "3.17.2", beside=("boto3",))
ORAS: Final = Client("oras", "0.2.43")
SAGEMAKER: Final = Client("sagemaker", "3.27.0")


def installed(client: Client) -> Path:
    """The folder of programs (`bin`) of the client's environment, made when it is not there.

    Safe to call from several processes. Raises AssertionError with the installer's words.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    folder = CACHE / f"{client.name}-{client.version}-{python}"
    with (CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "installed"
        wanted = f"{client.name}=={client.version}", *client.beside
        if not done.exists() or done.read_text() != " ".join(wanted):
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, *(_PINS if client.locked else ()), *wanted)
            done.write_text(" ".join(wanted))
    return folder / "bin"


def _install(folder: Path, *wanted: str) -> None:
    uv = PROJECT / ".tools" / "bin" / "uv"
    if uv.exists():
        _run([str(uv), "venv", "--quiet", "--python", sys.executable, str(folder)])
        _run([str(uv), "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *wanted])
    else:
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def clean_environment(sandbox_env: Mapping[str, str], home: Path) -> dict[str, str]:
    """What a client's user would have set: the AWS variables, a home folder, and nothing else."""
    aws = {name: value for name, value in sandbox_env.items() if name.startswith("AWS_")}
    return {**aws, "HOME": str(home), "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


def run(
    command: list[str], env: Mapping[str, str], folder: Path, *, limit: float = 120.0, status: int = 0
) -> str:
    """Run a client's command in `folder`; returns its standard output.

    Raises AssertionError with all that it printed when it does not end with `status` within `limit` seconds.
    """
    done = subprocess.run(
        command, env=dict(env), cwd=folder, capture_output=True, text=True, timeout=limit, check=False
    )
    said = f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == status, said
    return done.stdout
