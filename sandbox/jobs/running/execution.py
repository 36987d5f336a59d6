"""One run of a job's program: started, watched, and ended by itself or because somebody asks for it.

On the sandbox's event loop. A program that is asked to end gets SIGTERM, and SIGKILL after a grace.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from sandbox.core.settings import SandboxError
from sandbox.processes.output import Output
from sandbox.processes.supervisor import Child, Supervisor
from sandbox.serving.runtimes.program import Program
from sandbox.serving.runtimes.runtime import Runtime

POLL = 0.2
"""Seconds between two looks at what a program printed and at its time."""

NOT_FOUND = 127
"""The exit code of a program that cannot be started, as of a shell."""

SHORTEST_GRACE = 5.0

Publish = Callable[[Sequence[str]], None]


class Cause(Enum):
    """Why a program was asked to end."""

    STOPPED = "stopped"
    TOO_LONG = "too long"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code (128 and the signal's number, as of a container), and who asked."""

    code: int
    cause: Cause | None = None


def grace_of(seconds: float, time_scale: float) -> float:
    """The real seconds between SIGTERM and SIGKILL, where SageMaker waits for `seconds`.

    Whoever saves a model in them needs real ones, so there are always some.
    """
    return max(seconds / time_scale, SHORTEST_GRACE)


class Execution:
    """A program that runs once. Call `run` once; `end` may come at any time, also before."""

    def __init__(self, supervisor: Supervisor, runtime: Runtime, publish: Publish, grace: float) -> None:
        self._supervisor = supervisor
        self._runtime = runtime
        self._publish = publish
        self._grace = grace
        self._cause: Cause | None = None
        self._asked = asyncio.Event()

    def end(self, cause: Cause) -> None:
        """Ask the program to end; the first cause counts."""
        if self._cause is None:
            self._cause = cause
            self._asked.set()

    async def run(self, program: Program, name: str, limit: float = float("inf")) -> Ended:
        """Run it to its end, which is asked for after `limit` real seconds. No other run has its `name`."""
        if self._cause is not None:
            return Ended(0, self._cause)
        output = Output(program.folder / "output.log")
        launch = self._runtime.job(program, name)
        try:
            child = await self._supervisor.spawn(
                launch.argv, env=launch.env, cwd=launch.cwd, log=output.file, after=launch.after
            )
        except SandboxError:
            self._hand_on(output.last())
            return Ended(NOT_FOUND)
        asked = asyncio.create_task(self._asked.wait())
        try:
            await self._watch(child, asked, output, time.monotonic() + limit)
        finally:
            asked.cancel()
            if child.alive:  # the sandbox is going down
                self._supervisor.signal(child.pid, signal.SIGKILL)
                await asyncio.wait([child.exited], timeout=self._grace)
        self._hand_on(output.last())
        code = child.exited.result()
        return Ended(128 - code if code < 0 else code, self._cause)

    async def _watch(self, child: Child, asked: asyncio.Task[bool], output: Output, deadline: float) -> None:
        """Return when the program has ended."""
        kill_at = float("inf")
        while child.alive:
            waited = [child.exited] if asked.done() else [child.exited, asked]
            await asyncio.wait(waited, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
            self._hand_on(output.lines())
            now = time.monotonic()
            if now >= deadline:
                self.end(Cause.TOO_LONG)
            if not child.alive:
                return
            if self._cause is not None and kill_at == float("inf"):
                kill_at = now + self._grace
                self._supervisor.signal(child.pid, signal.SIGTERM)
            elif now >= kill_at:
                self._supervisor.signal(child.pid, signal.SIGKILL)

    def _hand_on(self, lines: Sequence[str]) -> None:
        if lines:
            self._publish(lines)
