"""What podman and docker are told, as lists of arguments. Pure: nothing here runs an engine.

A container is what SageMaker's is, and stricter: the image's own user, no capabilities and no way to new
ones, and limits of memory and processes. A server's is the image's own entrypoint with `serve`, in a
read-only root with the model read-only in it and a small /tmp in memory; a job may write to its root, which
goes with it, and to the folders that it is given. What it may reach of the network, `Network` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal

Kind = Literal["podman", "docker"]

MODEL_DIR = "/opt/ml/model"
"""Where SageMaker puts the model."""

PIDS = 512
TMP = "rw,noexec,nosuid,nodev,size=64m,mode=1777"
LABEL = "slipway.sandbox"
"""Label of every container: the home of the sandbox that it belongs to."""


class Network(Enum):
    """What a container has of the network."""

    NONE = "none"
    """A loopback of its own and nothing else; callers enter its namespace."""
    HOST = "host"
    """The machine's network; the server is asked to listen on the loopback."""
    PUBLISHED = "published"
    """The engine's own network, one port of it published on the machine's loopback."""


@dataclass(frozen=True)
class Task:
    """One container to run, until it ends.

    `memory` is in the engines' words (`2g`), swap included. `pid_file` will hold its process id (podman).
    `own_output` gives the server this command's streams themselves, not copies of what it prints (podman).
    One that is given `mounts`, folders by where they are in it, is a job, and its port is 0.
    """

    image: str
    name: str
    owner: str
    port: int
    memory: str
    network: Network
    model_dir: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    pid_file: Path | None = None
    own_output: bool = False
    mounts: Mapping[str, Path] = field(default_factory=dict)
    entrypoint: str = ""


def run(kind: Kind, task: Task, arguments: tuple[str, ...] = ("serve",)) -> list[str]:
    """Run a task in the foreground; it is taken away when it has ended."""
    words = ["run", "--rm", "--pull", "never", "--name", task.name, "--label", f"{LABEL}={task.owner}"]
    words += ["--log-driver", "passthrough" if task.own_output else "none"]
    if not task.mounts:
        words += ["--read-only", "--tmpfs", f"/tmp:{TMP}"]  # noqa: S108 - the container's own
    words += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    words += ["--memory", task.memory, "--memory-swap", task.memory, "--pids-limit", str(PIDS)]
    if kind == "podman":
        words += [] if task.mounts else ["--read-only-tmpfs=false"]
        words += ["--pidfile", str(task.pid_file)] if task.pid_file else []
    words += _network(task)
    if task.model_dir is not None:
        words += ["--mount", f"type=bind,source={task.model_dir},target={MODEL_DIR},readonly"]
    for place, folder in task.mounts.items():
        words += ["--mount", f"type=bind,source={folder},target={place}"]
    words += ["--entrypoint", task.entrypoint] if task.entrypoint else []
    for name, value in task.environment.items():
        words += ["--env", f"{name}={value}"]
    return [*words, task.image, *arguments]


def remove(kind: Kind, *names: str) -> list[str]:
    """Kill and delete containers that may be there."""
    # docker's --force kills at once, podman's sends SIGTERM and waits
    return ["rm", "--force", *(["--ignore", "--time", "0"] if kind == "podman" else []), *names]


def list_of(owner: str) -> list[str]:
    """Print the ids of all containers of a sandbox's home, whether they run or not."""
    return ["ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={LABEL}={owner}"]


def _network(task: Task) -> list[str]:
    if task.network is Network.PUBLISHED:
        if not task.port:
            return []
        return ["--publish", f"127.0.0.1:{task.port}:{task.port}"]
    return ["--network", task.network.value]


def contract(port: int, network: Network) -> dict[str, str]:
    """The variables by which SageMaker tells a container where to listen and where its model is."""
    published = network is Network.PUBLISHED
    return {
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SM_MODEL_DIR": MODEL_DIR,
        # in a network of its own a server has to listen on all addresses to be published
        "SLIPWAY_BIND_HOST": "0.0.0.0" if published else "127.0.0.1",  # noqa: S104
    }
