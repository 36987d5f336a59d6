"""How images become servers: by the host's Python (`process`), or in real containers (`container`)."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from sandbox.core.settings import SandboxError, Settings
from sandbox.engines import arguments
from sandbox.engines.arguments import Network, Task
from sandbox.engines.engine import Engine, EngineError, find_engine
from sandbox.engines.images import EngineImages
from sandbox.engines.namespaces import Namespaces
from sandbox.fleets.container import Container
from sandbox.images import process
from sandbox.images.command import Launch
from sandbox.images.store import Image, ImageStore

SocketFactory = Callable[[Any], Any]


class Runtime(Protocol):
    """What the fleets need of a runtime."""

    socket_factory: SocketFactory | None
    """Makes the sockets to servers, where plain ones would not reach them."""

    def image(self, digest: str, manifest: bytes) -> Image:
        """An image, prepared now or before. Blocking. Raises ImageError."""
        ...

    def launch(self, container: Container, name: str, port: int) -> Launch:
        """The command of a server on `port`; no other server ever has its `name`."""
        ...

    def ended(self, port: int) -> None:
        """The server on `port` has ended."""
        ...

    def sweep(self) -> None:
        """Take away what an earlier sandbox of this home, or this one, left behind. Blocking."""
        ...

    def describe(self) -> dict[str, str]:
        """What the sandbox's record says of it."""
        ...


class ProcessRuntime:
    """Unpacks images and runs their entrypoint on this system; no isolation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._images = ImageStore(settings.registry, settings.images)
        self.socket_factory: SocketFactory | None = None

    def image(self, digest: str, manifest: bytes) -> Image:
        """As Runtime.image: unpacked."""
        return self._images.unpack(digest, manifest)

    def launch(self, container: Container, name: str, port: int) -> Launch:
        """As Runtime.launch: the image's own program."""
        settings = self._settings
        path = os.environ.get("PATH", os.defpath)
        place = process.Place(
            port, container.model_dir, settings.python, path, container.region, settings.scratch
        )
        return process.launch(container.image.config, container.image.root, container.environment, place)

    def ended(self, port: int) -> None:
        """As Runtime.ended: nothing to do."""

    def sweep(self) -> None:
        """As Runtime.sweep: the supervisor leaves nothing behind."""

    def describe(self) -> dict[str, str]:
        """As Runtime.describe."""
        return {"runtime": "process"}


class ContainerRuntime:
    """Loads images into an engine and runs them in containers, hardened as `engines/arguments.py` says."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._owner = str(settings.home)
        self._images = EngineImages(engine, settings.registry)
        self._namespaces = Namespaces() if engine.network is Network.NONE else None
        self.socket_factory: SocketFactory | None = self._namespaces.make_socket if self._namespaces else None

    def image(self, digest: str, manifest: bytes) -> Image:
        """As Runtime.image: in the engine's storage."""
        return self._images.load(digest, manifest)

    def launch(self, container: Container, name: str, port: int) -> Launch:
        """As Runtime.launch: the engine's command, and after it the one that makes sure of the end."""
        engine = self._engine
        task = Task(
            image=container.image.name,
            name=name,
            owner=self._owner,
            port=port,
            memory=self._settings.container_memory,
            network=engine.network,
            model_dir=container.model_dir,
            environment={
                "AWS_REGION": container.region,
                **container.environment,
                **arguments.contract(port, engine.network),
            },
        )
        if engine.kind == "podman":
            task = replace(task, pid_file=self._settings.scratch / f"{name}.pid")
        if self._namespaces is not None and task.pid_file is not None:
            self._namespaces.put(port, task.pid_file)
        return Launch(
            argv=engine.command(arguments.run(engine.kind, task)),
            env=engine.env,
            cwd=Path("/"),
            after=tuple(engine.command(arguments.remove(engine.kind, name))),
            pid_file=task.pid_file,
        )

    def ended(self, port: int) -> None:
        """As Runtime.ended: nobody enters its namespace any more."""
        if self._namespaces is not None:
            self._namespaces.drop(port)

    def sweep(self) -> None:
        """As Runtime.sweep. Raises SandboxError."""
        try:
            self._engine.sweep(self._owner)
        except EngineError as error:
            raise SandboxError(
                f"Containers of {self._owner} could not be looked for: {error}",
                "Some may be left.",
                f"Look with: {self._engine.kind} ps --filter label={arguments.LABEL}={self._owner}",
                exit_code=4,
            ) from error

    def describe(self) -> dict[str, str]:
        """As Runtime.describe."""
        engine = self._engine
        return {"runtime": "container", "engine": engine.kind, "network": engine.network.value}


def runtime_of(settings: Settings) -> Runtime:
    """The runtime that the settings name. Raises SandboxError when no engine works here."""
    return (
        ContainerRuntime(settings, find_engine())
        if settings.runtime == "container"
        else ProcessRuntime(settings)
    )
