"""The runtime `container`: images are run in real containers, by podman or docker."""

from dataclasses import replace
from pathlib import Path

from sandbox.core.settings import SandboxError, Settings
from sandbox.serving.engines import arguments
from sandbox.serving.engines.arguments import Network, Task
from sandbox.serving.engines.engine import Engine, EngineError
from sandbox.serving.engines.images import EngineImages
from sandbox.serving.engines.namespaces import Namespaces
from sandbox.serving.images.store import Image
from sandbox.serving.runtimes.command import Launch
from sandbox.serving.runtimes.container import Container
from sandbox.serving.runtimes.program import ML, Program
from sandbox.serving.runtimes.runtime import SocketFactory


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
                **container.variables,
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

    def job(self, program: Program, name: str) -> Launch:
        """As Runtime.job: in a container whose root it may write to, with the folders of /opt/ml mounted."""
        engine = self._engine
        entrypoint = list(program.entrypoint[:1])
        task = Task(
            image=program.image.name,
            name=name,
            owner=self._owner,
            port=0,
            memory=self._settings.container_memory,
            network=engine.network,
            environment={"AWS_REGION": program.region, **program.environment},
            mounts={f"{ML}/{part.name}": part for part in sorted(program.ml.iterdir())},
            entrypoint=entrypoint[0] if entrypoint else "",
        )
        words = tuple(program.words[1:] if entrypoint else program.arguments)
        return Launch(
            argv=engine.command(arguments.run(engine.kind, task, words)),
            env=engine.env,
            cwd=Path("/"),
            after=tuple(engine.command(arguments.remove(engine.kind, name))),
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
