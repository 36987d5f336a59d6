"""A server in a process of its own: started, timed until it answers, asked, and ended with all it started."""

import http.client
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bench_serving.model_files import Model
from scripts.bench_serving.payloads import Body
from scripts.bench_serving.peers.base import HOST, QUIET, Launch, Peer, Place
from scripts.bench_serving.processes import on_core, stop

START_LIMIT = 60.0
STOP_PATIENCE = 5.0
ANSWER_LIMIT = 30.0
_POLL = 0.005
_SHOWN = 300


class ServerFailed(Exception):
    """Why a server is not measured; the text is for the report."""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    pid: int
    port: int
    start_seconds: float
    """From the start of the process to the first 200."""
    folder: Path

    def ask(self, path: str, body: Body) -> tuple[int, bytes]:
        """Status and body of the answer to one POST."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_LIMIT)
        try:
            connection.request("POST", path, body.content, body.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServerFailed(f"no answer to POST {path}: {error}") from error
        finally:
            connection.close()


@contextmanager
def running(peer: Peer, model: Model, bin_folder: Path, cores: str) -> Generator[Running]:
    """`peer` on `cores`; nothing of it is left when the block ends. Raises ServerFailed."""
    # a short path: a Unix socket's name has at most 108 bytes
    with tempfile.TemporaryDirectory(prefix="serving-", ignore_cleanup_errors=True) as name:
        place = Place(Path(name), _free_ports(peer.ports), bin_folder, model)
        if peer.before:
            _finish(peer.before(place), place.folder)
        begun = time.monotonic()
        process = _spawn(peer.launch(place), place.folder, cores)
        try:
            _wait_ready(process, place, peer.ready, begun)
            yield Running(process.pid, place.port, time.monotonic() - begun, place.folder)
        finally:
            stop(process, STOP_PATIENCE)


def _finish(launch: Launch, folder: Path) -> None:
    done = subprocess.run(
        launch.argv, cwd=folder, env=_environment(launch), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ServerFailed(f"{launch.argv[0]} failed: {' '.join(done.stderr.split())[-_SHOWN:]}")


def _spawn(launch: Launch, folder: Path, cores: str) -> subprocess.Popen[bytes]:
    with (folder / "server.log").open("wb") as log:
        try:
            return subprocess.Popen(
                on_core(cores, launch.argv),
                cwd=folder,
                env=_environment(launch),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerFailed(f"{launch.argv[0]} cannot be run: {error.strerror}") from error


def _environment(launch: Launch) -> dict[str, str]:
    # a caller's own PYTHONPATH or server settings would change what is measured
    inherited = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "JAVA_HOME") if name in os.environ
    }
    return inherited | QUIET | launch.env


def _wait_ready(process: subprocess.Popen[bytes], place: Place, path: str, begun: float) -> None:
    while (time.monotonic() - begun) < START_LIMIT:
        if process.poll() is not None:
            raise ServerFailed(f"it ended with {process.returncode}: {_tail(place.folder)}")
        if _ready(place.port, path):
            return
        time.sleep(_POLL)
    raise ServerFailed(f"GET {path} was not 200 in {START_LIMIT:.0f} s: {_tail(place.folder)}")


def _ready(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_LIMIT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _tail(folder: Path) -> str:
    log = (folder / "server.log").read_text(errors="replace")
    return " ".join(log.split())[-_SHOWN:] or "it said nothing"


def _free_ports(count: int) -> tuple[int, ...]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return tuple(each.getsockname()[1] for each in sockets)
    finally:
        for each in sockets:
            each.close()
