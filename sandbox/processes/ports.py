"""Ports for the servers that the sandbox starts."""

import socket

from sandbox.core.settings import HOST


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
