"""A real Prometheus and a real Alertmanager on free ports of the loopback, and who is told by them."""

import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandbox.processes.ports import free_port
from tests.monitoring.prometheus.tools import ALERTMANAGER, PROMETHEUS, program

HOST = "127.0.0.1"
PATIENCE = 120.0
POLL_SECONDS = 0.05


@dataclass
class Subscriber:
    """Who is told: a webhook that keeps what it got, and when (seconds since 1970)."""

    url: str
    told: list[tuple[float, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def subscriber() -> Generator[Subscriber]:
    """A webhook on a free port, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.told.append((time.time(), json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            """Nothing is printed."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        found = Subscriber(f"http://{HOST}:{server.server_port}/alerts")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield found
        finally:
            server.shutdown()


@dataclass(frozen=True)
class Monitor:
    """A running Prometheus."""

    url: str

    def ask(self, query: str, **times: float) -> list[dict[str, Any]]:
        """The result of a query: now, or with start, end and step over time. The test fails on an error."""
        kind = "query_range" if times else "query"
        parameters = urllib.parse.urlencode({"query": query, **times})
        with urllib.request.urlopen(f"{self.url}/api/v1/{kind}?{parameters}", timeout=30) as answer:  # noqa: S310
            return json.load(answer)["data"]["result"]


@contextmanager
def alerting(files: Path, data: Path, address: str) -> Generator[None]:
    """Alertmanager at this address, with the configuration that was written, until the block ends."""
    command = [
        program(ALERTMANAGER),
        f"--config.file={files / 'alertmanager.yml'}",
        f"--storage.path={data / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with _running(command, data, address):
        yield


@contextmanager
def monitoring(files: Path, data: Path) -> Generator[Monitor]:
    """Prometheus with what was written, until the block ends."""
    address = f"{HOST}:{free_port()}"
    command = [
        program(PROMETHEUS),
        f"--config.file={files / 'prometheus.yml'}",
        f"--storage.tsdb.path={data / 'prometheus'}",
        f"--web.listen-address={address}",
    ]
    with _running(command, data, address):
        yield Monitor(f"http://{address}")


@contextmanager
def _running(command: list[str], data: Path, address: str) -> Generator[None]:
    data.mkdir(parents=True, exist_ok=True)
    output = data / f"{address.rpartition(':')[2]}.txt"
    with output.open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _ready(f"http://{address}/-/ready", output)
            yield
        finally:
            process.terminate()


def _ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"{url} is not ready: {log.read_text(errors='replace')[-2000:]}")
