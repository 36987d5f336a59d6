"""The `process` runtime: turn an unpacked image into a command that the host can run.

The image's own Entrypoint with `serve`, as SageMaker runs it. There is no chroot and no container, so
absolute paths that exist in the image are pointed into its folder, and Python is the one that runs the
sandbox, without its packages: an image must bring its own. Pure: nothing here touches a process.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.serving.runtimes.command import Launch


@dataclass(frozen=True)
class Place:
    """Where an instance runs: its port, its model, and the host's Python and PATH."""

    port: int
    model_dir: Path
    python_dir: Path
    host_path: str
    region: str
    scratch: Path
    """HOME of the server: the image's own folder is shared by all instances."""
    host: str = "127.0.0.1"


def launch(config: Mapping[str, Any], root: Path, environment: Mapping[str, str], place: Place) -> Launch:
    """The command for an image with OCI `config`, unpacked in `root`.

    `environment` is CreateModel's, laid over the image's own; the port, the model folder and the address
    to bind are laid over both.
    """
    image_env = _image_env(config.get("Env") or [], root)
    path = [str(place.python_dir), *_existing(image_env.pop("PATH", ""), root), place.host_path]
    env = {
        "LANG": "C.UTF-8",
        "HOME": str(place.scratch),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": place.region,
        **image_env,
        **environment,
        "PATH": os.pathsep.join(filter(None, path)),
        "SAGEMAKER_BIND_TO_PORT": str(place.port),
        "SM_MODEL_DIR": str(place.model_dir),
        "SLIPWAY_BIND_HOST": place.host,
    }
    entrypoint = [_inside(part, root) for part in config.get("Entrypoint") or []]
    argv = _with_interpreter([*entrypoint, "serve"], place.python_dir)
    workdir = root / (config.get("WorkingDir") or "/").lstrip("/")
    return Launch(argv, env, workdir if workdir.is_dir() else root)


def _image_env(pairs: list[str], root: Path) -> dict[str, str]:
    """The image's variables; those that hold paths of the image point into `root`, except PATH."""
    env = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return {key: value if key == "PATH" else _mapped(value, root) for key, value in env.items()}


def _mapped(value: str, root: Path) -> str:
    parts = value.split(":")
    if not any(part.startswith("/") and (root / part.lstrip("/")).exists() for part in parts):
        return value
    return ":".join(_inside(part, root) for part in parts)


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
    script = Path(argv[0])
    if not script.is_absolute() or not script.is_file():
        return argv
    with script.open("rb") as file:
        first = file.readline(256)
    interpreter = first[2:].split()[:1] if first.startswith(b"#!") else []
    if interpreter and Path(interpreter[0].decode(errors="replace")).name.startswith("python"):
        return [str(python_dir / "python3"), *argv]
    return argv
