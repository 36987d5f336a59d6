"""What fleets and jobs need of a runtime: whatever turns an image into a server, or runs its program."""

from collections.abc import Callable
from typing import Any, Protocol

from sandbox.serving.images.store import Image
from sandbox.serving.runtimes.command import Launch
from sandbox.serving.runtimes.container import Container
from sandbox.serving.runtimes.program import Program

SocketFactory = Callable[[Any], Any]


class Runtime(Protocol):
    """A way to run images: as processes, or in containers."""

    socket_factory: SocketFactory | None
    """Makes the sockets to servers, where plain ones would not reach them."""

    def image(self, digest: str, manifest: bytes) -> Image:
        """An image, prepared now or before. Blocking. Raises ImageError."""
        ...

    def launch(self, container: Container, name: str, port: int) -> Launch:
        """The command of a server on `port`; no other server ever has its `name`."""
        ...

    def job(self, program: Program, name: str) -> Launch:
        """The command of a job; nothing else ever has its `name`."""
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
