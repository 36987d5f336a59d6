"""What all instances of a sandbox use together: the runtime, the supervisor, an HTTP client, folders."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.core.settings import Settings
from sandbox.processes.supervisor import Supervisor
from sandbox.serving.runtimes.runtime import Runtime, SocketFactory

_IDLE_CONNECTION = 3.0
"""Seconds. Shorter than the keep-alive of common servers (5 s), so that they do not close first."""


@dataclass(frozen=True)
class Host:
    """What instances are given; there is one for a sandbox."""

    settings: Settings
    supervisor: Supervisor
    client: aiohttp.ClientSession
    runtime: Runtime
    ended: Callable[[Any], None] = lambda instance: None
    """Called with each instance whose server has ended for good."""

    def log_file(self, endpoint: str, variant: str, instance: str) -> Path:
        """Where an instance's output goes."""
        return self.settings.endpoint_logs / endpoint / f"{variant}-{instance}.log"


def new_client(socket_factory: SocketFactory | None = None) -> aiohttp.ClientSession:
    """A client for model servers: bytes through untouched, connections kept, no proxy, no cookies."""
    connector = aiohttp.TCPConnector(
        limit=0, keepalive_timeout=_IDLE_CONNECTION, use_dns_cache=False, socket_factory=socket_factory
    )
    return aiohttp.ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    )


def link_python(folder: Path) -> None:
    """Put `python` and `python3` into `folder`: this interpreter, outside its virtual environment."""
    base = Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3", f"python3.{sys.version_info.minor}"):
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(base)
