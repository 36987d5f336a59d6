"""The runtime `process`: images are run by the host's own Python, without a container engine."""

import os
from pathlib import Path

from sandbox.core.settings import Settings
from sandbox.serving.images.store import Image, ImageStore
from sandbox.serving.runtimes import host_command
from sandbox.serving.runtimes.command import Launch
from sandbox.serving.runtimes.container import Container
from sandbox.serving.runtimes.program import Program
from sandbox.serving.runtimes.runtime import SocketFactory


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
        place = host_command.Place(port, container.model_dir)
        machine = self._machine(container.region, self._settings.scratch)
        image = container.image
        return host_command.launch(image.config, image.root, container.variables, machine, place)

    def job(self, program: Program, name: str) -> Launch:
        """As Runtime.job: the program, in a mount namespace of its own where this system has them."""
        return host_command.job(program, self._machine(program.region, program.folder / "home"))

    def _machine(self, region: str, scratch: Path) -> host_command.Machine:
        path = os.environ.get("PATH", os.defpath)
        return host_command.Machine(self._settings.python, path, region, scratch)

    def ended(self, port: int) -> None:
        """As Runtime.ended: nothing to do."""

    def sweep(self) -> None:
        """As Runtime.sweep: the supervisor leaves nothing behind."""

    def describe(self) -> dict[str, str]:
        """As Runtime.describe."""
        return {"runtime": "process"}
