"""The `process` runtime: turn an unpacked image into a command that the host can run.

A server is the image's own Entrypoint with `serve`, as SageMaker runs it; a job is what its request says, and
sees its own /opt/ml by `private_folder_program`. There is no chroot and no container, so absolute paths that
exist in the image are pointed into its folder, and Python is the one that runs the sandbox, without its
packages: an image must bring its own. Pure: nothing here touches a process.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.serving.runtimes import private_folder_program
from sandbox.serving.runtimes.command import Launch
from sandbox.serving.runtimes.program import ML, ML_VARIABLE, Program


@dataclass(frozen=True)
class Machine:
    """What of this machine an image runs with: its Python, its PATH, a HOME."""

    python_dir: Path
    host_path: str
    region: str
    scratch: Path
    """HOME and /tmp: the image's own folder is shared by all that run it, and the machine's is others'."""


@dataclass(frozen=True)
class Place:
    """Where a server runs: its port, its model, the address that it listens on."""

    port: int
    model_dir: Path
    host: str = "127.0.0.1"


def launch(
    config: Mapping[str, Any], root: Path, environment: Mapping[str, str], machine: Machine, place: Place
) -> Launch:
    """The command of a server for an image with OCI `config`, unpacked in `root`.

    `environment` is CreateModel's, laid over the image's own; the port, the model folder and the address
    to bind are laid over both.
    """
    env = _variables(config, environment, machine, lambda part: _inside(part, root), root) | {
        "SAGEMAKER_BIND_TO_PORT": str(place.port),
        "SM_MODEL_DIR": str(place.model_dir),
        "SLIPWAY_BIND_HOST": place.host,
    }
    entrypoint = [_inside(part, root) for part in config.get("Entrypoint") or []]
    argv = _with_interpreter([*entrypoint, "serve"], machine.python_dir)
    return Launch(argv, env, _workdir(config, root))


def job(program: Program, machine: Machine) -> Launch:
    """The command of a job: its program, for which /opt/ml is the job's own folder."""
    config, root = program.image.config, program.image.root

    def inside(part: str) -> str:
        own = part.startswith(f"{ML}/") and (program.ml / part.removeprefix(f"{ML}/")).exists()
        return part if own else _inside(part, root)

    env = _variables(config, program.environment, machine, inside, root) | {
        "TMPDIR": str(program.folder / "tmp"),
        ML_VARIABLE: str(program.ml),
    }
    words = [inside(word) for word in program.words]
    words[:1] = [shutil.which(word, path=env["PATH"]) or word for word in words[:1]]
    before = [str(machine.python_dir / "python3"), "-I", "-S", private_folder_program.__file__]
    argv = [*before, ML, str(program.ml), *_with_interpreter(words, machine.python_dir)]
    return Launch(argv, env, _workdir(config, root))


def _variables(
    config: Mapping[str, Any],
    environment: Mapping[str, str],
    machine: Machine,
    inside: Callable[[str], str],
    root: Path,
) -> dict[str, str]:
    """What every program gets, the image's variables over it, and `environment` over these."""
    image_env = _image_env(config.get("Env") or [], inside)
    path = [str(machine.python_dir), *_existing(image_env.pop("PATH", ""), root), machine.host_path]
    return {
        "LANG": "C.UTF-8",
        "HOME": str(machine.scratch),
        "TMPDIR": str(machine.scratch),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": machine.region,
        **image_env,
        **environment,
        "PATH": os.pathsep.join(filter(None, path)),
    }


def _workdir(config: Mapping[str, Any], root: Path) -> Path:
    workdir = root / (config.get("WorkingDir") or "/").lstrip("/")
    return workdir if workdir.is_dir() else root


def _image_env(pairs: list[str], inside: Callable[[str], str]) -> dict[str, str]:
    """The image's variables; those that hold paths of the image point into its folder, except PATH."""
    env = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return {
        key: value if key == "PATH" else ":".join(inside(part) for part in value.split(":"))
        for key, value in env.items()
    }


def _existing(path: str, root: Path) -> list[str]:
    folders = [root / part.lstrip("/") for part in path.split(":") if part.startswith("/")]
    return [str(folder) for folder in folders if folder.is_dir()]


def _inside(part: str, root: Path) -> str:
    """An absolute path that exists in the image, pointed into its folder; anything else unchanged."""
    if not part.startswith("/") or part == "/":
        return part
    inside = root / part.lstrip("/")
    return str(inside) if inside.exists() else part


def _with_interpreter(argv: list[str], python_dir: Path) -> list[str]:
    """Run a script whose `#!` names a Python that the image expects elsewhere by the host's Python."""
    script = Path(argv[0] if argv else "")
    if not script.is_absolute() or not script.is_file():
        return argv
    with script.open("rb") as file:
        first = file.readline(256)
    interpreter = first[2:].split()[:1] if first.startswith(b"#!") else []
    if interpreter and Path(interpreter[0].decode(errors="replace")).name.startswith("python"):
        return [str(python_dir / "python3"), *argv]
    return argv
