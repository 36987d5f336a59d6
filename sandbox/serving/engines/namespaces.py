"""The way into containers without a network: sockets that are made inside a container's network namespace.

A socket belongs to the namespace that its thread was in when it was made, and stays there. So the sandbox
steps into the namespace of the container that has a port, makes the socket, and steps back; a request then
costs nothing more than on the loopback. Needs Linux and root.
"""

import ctypes
import os
import socket
from pathlib import Path
from typing import Any

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of sched.h."""

_libc = ctypes.CDLL(None, use_errno=True)


class Namespaces:
    """Which port lies in which container's namespace. For one thread: that of the event loop."""

    def __init__(self) -> None:
        self._pid_files: dict[int, Path] = {}

    def put(self, port: int, pid_file: Path) -> None:
        """From now on connections to `port` go into the namespace of the process that `pid_file` names."""
        self._pid_files[port] = pid_file

    def drop(self, port: int) -> None:
        """Forget a port."""
        self._pid_files.pop(port, None)

    def make_socket(self, address: Any) -> socket.socket:
        """A socket for an address as getaddrinfo gives it, where its port lies.

        Raises ConnectionRefusedError when the container is not there (yet, or any more).
        """
        family, kind, protocol, _, where = address
        pid_file = self._pid_files.get(where[1])
        if pid_file is None:
            return socket.socket(family, kind, protocol)
        try:
            inside = os.open(f"/proc/{int(pid_file.read_text())}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise ConnectionRefusedError(f"no container listens on port {where[1]}") from error
        try:
            return _made_in(inside, family, kind, protocol)
        finally:
            os.close(inside)


def _made_in(namespace: int, family: int, kind: int, protocol: int) -> socket.socket:
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(namespace)
        try:
            return socket.socket(family, kind, protocol)
        finally:
            _enter(home)
    finally:
        os.close(home)


def _enter(namespace: int) -> None:
    # os.setns is of Python 3.12
    if _libc.setns(namespace, _NEW_NETWORK) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
