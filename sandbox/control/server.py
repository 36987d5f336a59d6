"""The sandbox in the foreground: takes its home and its port, serves, and leaves nothing behind.

It imports little, so that a home or a port that is taken is reported before moto is loaded.
"""

import errno
import logging
import socket
import sys

from sandbox.control.home import Home, Ready
from sandbox.core.settings import HOST, SandboxError, Settings


class AlreadyRunningError(SandboxError):
    """Another sandbox owns the home."""


def run(settings: Settings, ready: Ready) -> None:
    """Serve until SIGTERM or SIGINT; `ready` gets the record once the port answers.

    Raises SandboxError when it cannot start, AlreadyRunningError when another one has the home.
    """
    home = Home(settings)
    if not home.own():
        raise AlreadyRunningError(f"A sandbox already runs in {settings.home}.")
    # Clients try TLS first, and uvicorn warns of each such try.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    try:
        with listen(settings.port) as listener:
            home.clean()
            from sandbox.control.assembly import serve

            serve(settings, home, listener, ready)
    finally:
        home.leave()


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback. Raises SandboxError when the port cannot be had."""
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it, answers wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        raise SandboxError(
            f"Port {port} is taken by another program." if taken else f"Port {port}: {error.strerror}.",
            "Nothing was started.",
            "Stop that program, choose another port with --port, or let one be chosen with --port 0.",
        ) from error
    return listener
