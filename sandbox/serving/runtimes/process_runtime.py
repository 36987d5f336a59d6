"""The runtime `process`: images are run by the host's own Python, without a container engine."""

import os

from sandbox.core.settings import Settings
from sandbox.serving.images.store import Image, ImageStore
from sandbox.serving.runtimes import host_command
from sandbox.serving.runtimes.command import Launch
from sandbox.serving.runtimes.container import Container
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
        settings = self._settings
        path = os.environ.get("PATH", os.defpath)
        place = host_command.Place(
            port, container.model_dir, settings.python, path, container.region, settings.scratch
        )
        return host_command.launch(container.image.config, container.image.root, container.variables, place)

    def ended(self, port: int) -> None:
        """As Runtime.ended: nothing to do."""

    def sweep(self) -> None:
        """As Runtime.sweep: the supervisor leaves nothing behind."""

    def describe(self) -> dict[str, str]:
        """As Runtime.describe."""
        return {"runtime": "process"}
