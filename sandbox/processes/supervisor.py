"""How the sandbox starts child processes, waits for them and ends them: by messages to its supervisor.

Everything here runs on the sandbox's event loop. The process at the other end, the supervisor itself, is
`supervisor_program.py`.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.core.settings import SandboxError
from sandbox.processes import supervisor_program

_LINE_LIMIT = 1 << 20


class Child:
    """A child process that the supervisor started. `exited` holds its exit code once it has ended."""

    def __init__(self, pid: int, supervisor: "Supervisor") -> None:
        self.pid = pid
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._supervisor = supervisor

    @property
    def alive(self) -> bool:
        """False once its end was reported."""
        return not self.exited.done()

    async def stop(self, grace: float = 5.0) -> None:
        """SIGTERM to its process group, SIGKILL after `grace` seconds; returns when it is gone."""
        if not self.alive:
            return
        self._supervisor.signal(self.pid, signal.SIGTERM)
        done, _ = await asyncio.wait([self.exited], timeout=grace)
        if not done:
            self._supervisor.signal(self.pid, signal.SIGKILL)
            await asyncio.wait([self.exited], timeout=grace)


class Supervisor:
    """The supervisor process and its children. `start` it before anything else, `close` it last."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._children: dict[int, Child] = {}
        self._starting: dict[int, asyncio.Future[Child]] = {}
        self._next_id = 0
        self._reader: asyncio.Task[None] | None = None
        self.lost = asyncio.Event()
        """Set when the supervisor ended, asked for or not: the sandbox cannot go on without it."""

    @property
    def pid(self) -> int:
        """The supervisor's own process id."""
        return self._running.pid

    @property
    def pids(self) -> list[int]:
        """The process ids of its living children."""
        return sorted(self._children)

    async def start(self) -> None:
        """Start the supervisor process."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(Path(supervisor_program.__file__)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LINE_LIMIT,
        )
        self._reader = asyncio.create_task(self._read())

    async def spawn(
        self, argv: list[str], *, env: dict[str, str], cwd: Path, log: Path, after: Sequence[str] = ()
    ) -> Child:
        """Start `argv` with exactly `env`; both output streams are appended to `log`.

        `after` is a command that the supervisor runs once the child has ended, even when the sandbox is gone;
        the child counts as ended when that is done. Raises SandboxError when the program cannot be started.
        """
        self._next_id += 1
        started: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._starting[self._next_id] = started
        command = {"argv": argv, "env": env, "cwd": str(cwd), "log": str(log), "after": list(after)}
        self._send({"id": self._next_id, **command})
        return await started

    def signal(self, pid: int, number: int) -> None:
        """Signal a child's process group; a child that has ended is left alone."""
        self._send({"pid": pid, "signal": number})

    async def close(self) -> None:
        """End every child and the supervisor; returns when they are gone."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        await self._process.wait()
        if self._reader is not None:
            await self._reader

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise SandboxError("The supervisor was not started.", exit_code=4)
        return self._process

    def _send(self, message: dict[str, Any]) -> None:
        stdin = self._running.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        stdout = self._running.stdout
        while stdout is not None and (line := await stdout.readline()):
            self._receive(json.loads(line))
        self.lost.set()
        for child in list(self._children.values()):
            self._receive({"exited": child.pid, "code": -signal.SIGKILL})
        for started in self._starting.values():
            started.set_exception(SandboxError("The sandbox is going down.", exit_code=4))

    def _receive(self, message: dict[str, Any]) -> None:
        if "exited" in message:
            child = self._children.pop(message["exited"], None)
            if child is not None and not child.exited.done():
                child.exited.set_result(message["code"])
            return
        started = self._starting.pop(message["id"])
        if "error" in message:
            started.set_exception(SandboxError(f"Cannot start: {message['error']}", exit_code=4))
            return
        child = self._children[message["pid"]] = Child(message["pid"], self)
        if started.done():  # whoever asked was cancelled meanwhile
            self.signal(child.pid, signal.SIGKILL)
        else:
            started.set_result(child)
