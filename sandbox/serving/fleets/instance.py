"""One instance of a variant: a model server that is started, pinged, watched and started again.

A server that dies is replaced by a new one on a new port; until that one answers its ping the instance is
not healthy and takes no traffic.
"""

import asyncio
import logging
import secrets
import signal
import time
from contextlib import suppress
from pathlib import Path

import aiohttp

from sandbox.core.settings import HOST, SandboxError
from sandbox.processes.ports import free_port
from sandbox.processes.supervisor import Child
from sandbox.serving.fleets.host import Host
from sandbox.serving.runtimes.container import Container

log = logging.getLogger(__name__)

PING_INTERVAL = 0.1
PING_TIMEOUT = 2.0
"""Seconds; SageMaker's own limit for one ping."""

GIVE_UP_AFTER = 3
"""Starts that end without one good ping before a new instance counts as failed."""

DRAIN_LIMIT = 60.0
"""Seconds that requests in flight may take to end; InvokeEndpoint's own limit."""

_BACKOFF = (0.1, 0.3, 1.0, 2.0, 5.0)


class Instance:
    """A model server process, started again whenever it ends. Call `start` once and `stop` once."""

    def __init__(self, host: Host, container: Container) -> None:
        self.id = f"i-{secrets.token_hex(8)}"
        self.container = container
        self.url = ""
        self.healthy = False
        self.retired = False
        """Whether it is to take no further request."""
        self.ever_healthy = asyncio.Event()
        self.failed = asyncio.Event()
        self.restarts = 0
        self.in_flight = 0
        """Requests that it is answering now."""
        self.log_file = host.log_file(container.endpoint, container.variant, self.id)
        self._host = host
        self._child: Child | None = None
        self._pid_file: Path | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the server, while it lives."""
        if self._child is None or not self._child.alive:
            return None
        if self._pid_file is None:
            return self._child.pid
        try:
            return int(self._pid_file.read_text())
        except (OSError, ValueError):  # its container is still being made
            return None

    def start(self) -> None:
        """Begin; `ever_healthy` or `failed` is set later."""
        self._task = asyncio.create_task(self._supervise())

    async def kill(self) -> None:
        """End the server at once, as a crash would; returns when it is gone. It is started again."""
        child = self._child
        if child is not None and child.alive:
            self._host.supervisor.signal(child.pid, signal.SIGKILL)
            await asyncio.wait([child.exited], timeout=PING_TIMEOUT)

    async def stop(self, *, drain: bool = False) -> None:
        """End the server gracefully; returns when its process is gone.

        It gets no new request from now on. With `drain` those in flight are answered first.
        """
        self.retired = True
        deadline = time.monotonic() + DRAIN_LIMIT
        while drain and self.in_flight and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        self.healthy = False
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._child is not None:
            await self._child.stop()
        self._host.ended(self)

    async def _supervise(self) -> None:
        while True:
            try:
                await self._serve_once()
            except SandboxError as error:
                log.warning("instance %s: %s", self.id, error)
            self.healthy = False
            self.restarts += 1
            if self.restarts >= GIVE_UP_AFTER and not self.ever_healthy.is_set():
                self.failed.set()
            await asyncio.sleep(_BACKOFF[min(self.restarts, len(_BACKOFF)) - 1])

    async def _serve_once(self) -> None:
        """Start the server and return when it has ended."""
        port = free_port()
        command = self._host.runtime.launch(self.container, f"slipway-{self.id}-{self.restarts}", port)
        self.url = f"http://{HOST}:{port}"
        self._pid_file = command.pid_file
        try:
            self._child = await self._host.supervisor.spawn(
                command.argv, env=command.env, cwd=command.cwd, log=self.log_file, after=command.after
            )
            await self._watch(self._child)
        finally:
            self._host.runtime.ended(port)

    async def _watch(self, child: Child) -> None:
        """Ping a new server until it is healthy; return when it has ended."""
        container = self.container
        started = time.monotonic()
        while child.alive:
            held = time.monotonic() - started < container.slow_ping or container.ping_held()
            if await self._ping() and child.alive and not held:
                if container.fail_ping:
                    self.failed.set()
                    return await child.stop()
                self.healthy = True
                self.ever_healthy.set()
                break
            await asyncio.wait([child.exited], timeout=PING_INTERVAL)
        await asyncio.shield(child.exited)
        return None

    async def _ping(self) -> bool:
        timeout = aiohttp.ClientTimeout(total=PING_TIMEOUT)
        try:
            async with self._host.client.get(f"{self.url}/ping", timeout=timeout) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
