"""The supervisor: one small process that starts, watches and ends every child process of a sandbox.

It is run by path, imports only the standard library and has a single thread, so that starting a child is
quick and safe. Commands come as JSON lines on stdin, answers and exits go as JSON lines to stdout. When
stdin ends, because the sandbox asked for it or because it was killed, every child is ended and then the
supervisor itself: a `kill -9` of the sandbox leaves no model server behind.

Commands: {"id", "argv", "env", "cwd", "log"} starts a child; {"pid", "signal"} signals its process group.
Answers: {"id", "pid"} or {"id", "error"}; {"exited", "code"} for each child that ended.

A child may come with "after": a command that removes what the child leaves behind, such as a container. It is
run when the child has ended, however it ended, and the child is reported as ended once that command is done.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL when the sandbox is gone."""
AFTER_LIMIT = 15.0
"""Seconds that the last commands after children may take then."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Children:
    """The child processes that run, by process id."""

    def __init__(self) -> None:
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._after: dict[int, dict[str, Any]] = {}
        """The command of each child that has something to be done after it."""
        self._finishing: dict[int, tuple[subprocess.Popen[bytes], dict[str, Any]]] = {}
        """A command after a child, and what to say when it has ended; by the command's process id.

        The Popen is kept: subprocess itself waits for those that nobody holds, and `reap` would miss them.
        """

    def handle(self, command: dict[str, Any]) -> None:
        """One command; a failure to start is an answer, not an end."""
        if "argv" in command:
            try:
                say({"id": command["id"], "pid": self._start(command)})
            except OSError as error:
                say({"id": command["id"], "error": str(error)})
        else:
            self._signal(command["pid"], command["signal"])

    def reap(self) -> None:
        """Report every child that ended, and whatever its process group left behind."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._children.pop(pid, None) is not None:
                _kill_group(pid, signal.SIGKILL)
                self._finish(pid, {"exited": pid, "code": os.waitstatus_to_exitcode(status)})
            elif (finished := self._finishing.pop(pid, None)) is not None:
                say(finished[1])

    def end_all(self) -> None:
        """SIGTERM, a grace, SIGKILL; what is to be done after them; then orphans of other groups."""
        for pid in self._children:
            _kill_group(pid, signal.SIGTERM)
        self._reap_until(GRACE)
        for pid in self._children:
            _kill_group(pid, signal.SIGKILL)
        self._reap_until(AFTER_LIMIT)
        _kill_orphans()

    def _reap_until(self, limit: float) -> None:
        """Reap until nothing is left to end, for at most `limit` seconds."""
        deadline = time.monotonic() + limit
        while (self._children or self._finishing) and time.monotonic() < deadline:
            self.reap()
            select.select([], [], [], 0.02)

    def _finish(self, pid: int, message: dict[str, Any]) -> None:
        """Do what is to be done after a child, then say `message`."""
        command = self._after.pop(pid, None)
        if command is None:
            return say(message)
        try:
            done = subprocess.Popen(
                command["after"],
                env=command["env"],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            print(f"{command['after'][0]} could not be run after a child: {error}", file=sys.stderr)
            return say(message)
        self._finishing[done.pid] = done, message
        return None

    def _start(self, command: dict[str, Any]) -> int:
        log = Path(command["log"])
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            # This process has one thread, so preexec_fn is safe here.
            try:
                child = subprocess.Popen(
                    command["argv"],
                    env=command["env"],
                    cwd=command["cwd"],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
            except OSError as error:
                # The words of a container's runtime, which are all that its log then holds.
                output.write(f"exec {command['argv'][0]}: {(error.strerror or '').lower()}\n".encode())
                raise
        self._children[child.pid] = child
        if command.get("after"):
            self._after[child.pid] = command
        return child.pid

    def _signal(self, pid: int, number: int) -> None:
        if pid in self._children:
            _kill_group(pid, number)


def _kill_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _kill_orphans() -> None:
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    for _ in range(100):
        try:
            left = [int(pid) for pid in listing.read_text().split()]
        except OSError:
            return
        if not left:
            return
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        for pid in left:
            os.waitpid(pid, 0)


def say(message: dict[str, Any]) -> None:
    """One JSON line to the sandbox; nobody listening is no error, the end of stdin follows."""
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(message).encode() + b"\n")


def main() -> None:
    """Serve commands until stdin ends."""
    # Handlers that do nothing, not SIG_IGN: children would inherit that, and not end on SIGTERM.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    children = Children()
    pending = b""
    while True:
        ready, _, _ = select.select([0, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
            children.reap()
        if 0 in ready:
            chunk = os.read(0, 65536)
            if not chunk:
                break
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                children.handle(json.loads(line))
    children.end_all()


if __name__ == "__main__":
    main()
