"""A real server in a process of its own, on a free port, and clients that speak HTTP as callers do.

With SLIPWAY_TEST_SERVING=container the process is in a container (`contained.py`); the tests are the same.
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tests.model.serving.contained import Containers

ENTRY = Path(__file__).resolve().parents[3] / "model" / "serving" / "serve"
SECONDS = 20.0
IN_CONTAINERS = os.environ.get("SLIPWAY_TEST_SERVING") == "container"
_PORT = re.compile(r"listening on 127\.0\.0\.1 port (\d+)")


def until(condition: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """The first true value of `condition`, asked again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.005)
    raise AssertionError(f"not in {seconds} s: {what}")


def environment(model: Path, **more: str) -> dict[str, str]:
    """What a server is started with: this Python first on PATH, the loopback, a free port."""
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
        "SM_MODEL_DIR": str(model),
        "SAGEMAKER_BIND_TO_PORT": "0",
        "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        "SLIPWAY_BIND_HOST": "127.0.0.1",
        **more,
    }


class Process(Protocol):
    """What the tests need of subprocess.Popen, so that a container will do as well."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


_containers: list["Containers"] = []


def use(containers: "Containers") -> None:
    """From now on servers run in containers."""
    _containers[:] = [containers]


class Server:
    """A running server; its log is a file."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it has logged until now."""
        return self._log.read_text()

    @property
    def port(self) -> int:
        """The port that it listens on, as soon as it does."""
        found = until(lambda: _PORT.search(self.log) or self._died(), "the server listens")
        return int(found[1])

    def _died(self) -> None:
        assert self.process.poll() is None, self.log

    def wait_ready(self) -> "Server":
        """Returns when /ping is 200."""
        until(lambda: self._died() or self.ping() == 200, "the server is ready")
        return self

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def raw(self) -> socket.socket:
        """A connection without a client."""
        return socket.create_connection(("127.0.0.1", self.port), SECONDS)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer, on a new connection."""
        connection = self.connect()
        try:
            return exchange(connection, method, path, body, **headers)
        finally:
            connection.close()

    def ping(self) -> int:
        """The status of GET /ping."""
        return self.ask("GET", "/ping")[0]

    def predict(self, body: bytes, content_type: str = "application/json") -> list[float]:
        """The scores for a body."""
        status, _, answer = self.ask("POST", "/invocations", body, content_type=content_type, accept="*/*")
        assert status == 200, answer
        if content_type == "text/csv":
            return [float(line) for line in answer.split()]
        return json.loads(answer)["predictions"]

    def children(self) -> list[int]:
        """The process ids of its children on this machine, oldest first: the shipper, then workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text().split()] if children.exists() else []

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


def own_name(pid: int) -> int:
    """A process's id as it is in the server's own log: in a container that is another than outside."""
    [line] = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("NSpid")]
    return int(line.split()[-1])


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection: status, headers in lower case, and body; header names with _ for -."""
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def serving(
    model: Path, folder: Path, entry: Path = ENTRY, arguments: tuple[str, ...] = ("serve",), **more: str
) -> Generator[Server]:
    """A server of the artifact in `model`, logging in `folder`; it is gone when the block ends."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = _started(model, folder, entry, arguments, output, more)
    try:
        yield Server(process, log)
    finally:
        process.kill()
        process.wait()


def _started(
    model: Path,
    folder: Path,
    entry: Path,
    arguments: tuple[str, ...],
    output: IO[bytes],
    more: dict[str, str],
) -> Process:
    if _containers and entry == ENTRY:
        return _containers[0].start(model, arguments, _inside(model, more), output)
    env = environment(model, **more)
    return subprocess.Popen([entry, *arguments], env=env, stdout=output, stderr=output, cwd=folder)


def _inside(model: Path, more: dict[str, str]) -> dict[str, str]:
    """The variables of a container: its PATH is its own."""
    return {name: value for name, value in environment(model, **more).items() if name != "PATH"}


def ended(model: Path, *arguments: str, entry: Path = ENTRY, **more: str) -> subprocess.CompletedProcess[str]:
    """A server that ends by itself."""
    if _containers and entry == ENTRY:
        return _containers[0].ended(model, arguments, _inside(model, more), SECONDS)
    return subprocess.run(
        [entry, *arguments],
        env=environment(model, **more),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
