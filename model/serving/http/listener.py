"""The listening socket: accepts connections, and at the end drops none that the kernel has already accepted.

It reads nothing from them; that is `connection`'s.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

from model.serving.errors import SettingsError
from model.serving.settings import Settings

log = logging.getLogger(__name__)

BACKLOG = 2048
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_SECONDS = 1.0


def listen(settings: Settings, share_port: bool) -> socket.socket:
    """A socket on the settings' host and port. Raises SettingsError when it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}.",
            "The server did not start.",
            "Stop what uses the port, or set SAGEMAKER_BIND_TO_PORT to a free one (0 takes any).",
        ) from error
    listener.setblocking(False)
    return listener


class Listener:
    """Accepts connections on a socket. Used instead of asyncio's server, which drops a connection that it
    accepts in the moment in which it is closed."""

    def __init__(self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._socket = listening
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._starting: set[asyncio.Task[object]] = set()
        self._loop.add_reader(listening, self._accept)

    async def close(self) -> None:
        """Accepts every connection that waits in the kernel's queue, then no more."""
        self._accept()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        await asyncio.gather(*self._starting, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, _address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            connection.setblocking(False)
            start = self._loop.connect_accepted_socket(self._protocol, connection)
            task: asyncio.Task[object] = self._loop.create_task(start)
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    def _pause(self, error: OSError) -> None:
        """Stops accepting for a second when files or memory have run out: trying at once would only use up
        the CPU."""
        if error.errno not in _EXHAUSTED:
            raise error
        log.error("cannot accept a connection: %s", error.strerror)
        self._loop.remove_reader(self._socket)
        self._loop.call_later(_PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)
