"""The server in a container, for the same tests: the built image, hardened as in the sandbox, no network.

SLIPWAY_TEST_SERVING=container asks for it. The process that runs the tests moves into a network namespace
with a loopback and nothing else, and the containers share it: so the tests reach a server as they always do,
and neither can reach anything beyond.
"""

import ctypes
import fcntl
import itertools
import json
import os
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from model.image.build import build_image
from sandbox.serving.engines import arguments
from sandbox.serving.engines.arguments import MODEL_DIR, Network, Task
from sandbox.serving.engines.engine import Engine
from sandbox.serving.engines.images import EngineImages
from sandbox.serving.images.store import Image
from scripts.image import CACHE
from tests.container.base import Base
from tests.model.image import images

MEMORY = "1g"
_NEW_NETWORK = 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
_numbers = itertools.count()


@dataclass(frozen=True)
class Containers:
    """The engine, the image in its storage, and a folder for what describes the running ones."""

    engine: Engine
    image: Image
    folder: Path

    def start(
        self, model: Path, words: tuple[str, ...], environment: dict[str, str], log: IO[bytes]
    ) -> "ContainedProcess":
        """A server of the artifact in `model`, which may be missing, that prints into `log`."""
        name = self._name()
        command = self._command(model, words, name, environment)
        client = subprocess.Popen(command, env=self.engine.env, stdout=log, stderr=log)
        return ContainedProcess(self, name, client)

    def ended(
        self, model: Path, words: tuple[str, ...], environment: dict[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """A server that ends by itself."""
        name = self._name()
        command = self._command(model, words, name, environment)
        try:
            return subprocess.run(
                command,
                env=self.engine.env,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.remove(name)
            raise

    @property
    def owner(self) -> str:
        """The label of all containers of this process."""
        return f"tests-{os.getpid()}"

    def _command(
        self, model: Path, words: tuple[str, ...], name: str, environment: dict[str, str]
    ) -> list[str]:
        there = model.is_dir()
        if there:
            model.chmod(0o755)  # pytest's folders are for their owner alone, and the server is somebody else
        task = Task(
            image=self.image.name,
            name=name,
            owner=self.owner,
            port=0,
            memory=MEMORY,
            network=Network.HOST,
            model_dir=model if there else None,
            environment=environment | {"SM_MODEL_DIR": MODEL_DIR},
            pid_file=self.pid_file(name),
            own_output=True,
        )
        command = self.engine.command(arguments.run(self.engine.kind, task, words))
        if not words:  # an entrypoint of one's own, so that the image's `serve` is not put after it
            command[2:2] = ["--entrypoint", json.dumps(self.image.config["Entrypoint"])]
        return command

    def pid_file(self, name: str) -> Path:
        """Where the process id of a container will be."""
        return self.folder / f"{name}.pid"

    def _name(self) -> str:
        """A name that no container had."""
        return f"{self.owner}-{next(_numbers)}"

    def remove(self, *names: str) -> None:
        """Take containers away that may be there."""
        self.engine.remove(*names)


class ContainedProcess:
    """A server in a container, as if it were a process of ours."""

    def __init__(self, containers: Containers, name: str, client: subprocess.Popen[bytes]) -> None:
        self._containers = containers
        self._name = name
        self._client = client

    @property
    def pid(self) -> int:
        """Its process id on this machine. Raises AssertionError where it never started."""
        file = self._containers.pid_file(self._name)
        while not (file.exists() and (text := file.read_text())):
            assert self._client.poll() is None, "the container did not start"
        return int(text)

    def poll(self) -> int | None:
        """As of Popen."""
        return _code(self._client.poll())

    def wait(self, timeout: float | None = None) -> int:
        """As of Popen."""
        code = _code(self._client.wait(timeout))
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """As of Popen."""
        if self._client.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the container, whatever it does."""
        self._containers.remove(self._name)


def _code(code: int | None) -> int | None:
    """Engines say 137 where Popen says -9."""
    return code if code is None or code < 128 else 128 - code


def prepare(engine: Engine, base: Base, folder: Path) -> Containers:
    """Build the image on `base`, load it, and leave the network. `folder` is shared by all workers."""
    with (folder / "serving-image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = build_image(images.options(CACHE, base=base.reference, python=base.python), print)
    manifest = images.blob(built, built.digest).read_bytes()
    loaded = EngineImages(engine, built.path / "blobs").load(built.digest, manifest)
    leave_network()
    return Containers(engine, loaded, folder)


def leave_network() -> None:
    """Move this thread, and all that it starts, into a network namespace with a loopback and nothing else."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK) != 0:  # os.unshare is of Python 3.12
        raise OSError(ctypes.get_errno(), "no network namespace of its own")
    with socket.socket() as any_socket:
        asked = fcntl.ioctl(any_socket, _GET_FLAGS, struct.pack("16sh22x", b"lo", 0))
        [flags] = struct.unpack_from("h", asked, 16)
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))
