"""Our own server under long runs: started as the image starts it, watched from outside, ended by SIGTERM.

Its windows (stdout) and its log (stderr) are files of their own. Linux only.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serving.peers.base import HOST, QUIET
from bench.serving.peers.ours import ENTRY
from bench.serving.running import START_LIMIT, STOP_PATIENCE, ServerFailed
from measuring.processes import MB, PROC, descendants, on_core, stop

DRAIN_LIMIT = 30.0
"""Seconds from SIGTERM until the platform kills a container."""
_PORT = re.compile(r"listening on 127\.0\.0\.1 port (\d+)")
_RESIDENT = re.compile(r"^(VmRSS|VmHWM):\s+(\d+) kB", re.MULTILINE)
_POLL = 0.01
_SHOWN = 300


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process in MB: now, and at its most since it started."""

    now: float
    peak: float


class OwnServer:
    """A server that answers."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, workers: int) -> None:
        self.process = process
        self.folder = folder
        self.port = 0
        self._count = workers

    @property
    def workers(self) -> list[int]:
        """The process ids of those that answer requests."""
        if self._count == 1:
            return [self.process.pid]
        return [pid for pid in descendants(self.process.pid) if _parent(pid) == self.process.pid]

    @property
    def helpers(self) -> list[int]:
        """The process ids of what the workers started: those that read tables."""
        answering = {self.process.pid, *self.workers}
        return [pid for pid in descendants(self.process.pid) if pid not in answering]

    @property
    def log(self) -> str:
        """What it has logged until now."""
        return (self.folder / "server.log").read_text(errors="replace")

    @property
    def windows(self) -> list[dict[str, Any]]:
        """The windows that it has printed until now."""
        lines = (self.folder / "stdout.jsonl").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines]

    def ping(self) -> int:
        """The status of GET /ping, 0 when there is no answer."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def terminate(self) -> None:
        """Sends SIGTERM and does not wait."""
        self.process.terminate()

    def ended(self) -> int | None:
        """The exit code; None when it does not end within DRAIN_LIMIT."""
        try:
            return self.process.wait(DRAIN_LIMIT)
        except subprocess.TimeoutExpired:
            return None


@contextmanager
def own_server(
    artifact: Path, folder: Path, workers: int = 1, megabytes: int = 6, cores: str = ""
) -> Generator[OwnServer]:
    """A server of the unpacked artifact that takes bodies of `megabytes`; `cores` pins it ("0", "0,1").

    Writes stdout.jsonl and server.log in `folder`. Nothing of it is left when the block ends.
    Raises ServerFailed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    process = _spawn(artifact, folder, workers, megabytes, cores)
    server = OwnServer(process, folder, workers)
    try:
        _wait_ready(server)
        yield server
    finally:
        stop(process, STOP_PATIENCE)


def memory(pid: int) -> Memory | None:
    """The memory of a process; None when it is gone."""
    try:
        text = (PROC / str(pid) / "status").read_text()
    except OSError:
        return None
    found = {name: int(kb) * 1024 / MB for name, kb in _RESIDENT.findall(text)}
    # a process that has ended and is not waited for has none
    return Memory(found["VmRSS"], found["VmHWM"]) if len(found) == 2 else None


def descriptors(pid: int) -> int:
    """Open files of a process; 0 when it is gone."""
    try:
        return len(list((PROC / str(pid) / "fd").iterdir()))
    except OSError:
        return 0


def _spawn(artifact: Path, folder: Path, workers: int, megabytes: int, cores: str) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
        "SM_MODEL_DIR": str(artifact),
        "SAGEMAKER_BIND_TO_PORT": "0",
        "SLIPWAY_BIND_HOST": HOST,
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers),
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(megabytes),
    }
    command = [str(ENTRY), "serve"]
    with (folder / "stdout.jsonl").open("wb") as output, (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            on_core(cores, command) if cores else command,
            cwd=folder,
            env=QUIET | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=log,
            start_new_session=True,  # a Ctrl-C is for us; the server is ended in order
        )


def _wait_ready(server: OwnServer) -> None:
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise ServerFailed(f"the server ended with {server.process.returncode}: {server.log[-_SHOWN:]}")
        if server.port == 0 and (found := _PORT.search(server.log)):
            server.port = int(found[1])
        if server.port and server.ping() == 200:
            return
        time.sleep(_POLL)
    raise ServerFailed(f"the server was not ready in {START_LIMIT:.0f} s: {server.log[-_SHOWN:]}")


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
