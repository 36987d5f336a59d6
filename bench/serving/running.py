"""A server in a process of its own: started, timed until it answers, asked, and ended with all it started."""

import http.client
import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.serving.model_files import Model
from bench.serving.payloads import Body
from bench.serving.peers.base import HOST, QUIET, Launch, Peer, Place
from measuring.processes import on_core, stop

START_LIMIT = 60.0
STOP_PATIENCE = 3.0
PORTS = range(20_000, 32_000)
"""Below those that Linux gives away by itself; multi-model-server takes none above 49,151."""
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
            _finish(peer.before(place), place)
        launch = peer.launch(place)
        begun = time.monotonic()
        process = _spawn(launch, place, cores)
        try:
            _wait_ready(process, place, peer.ready, begun)
            yield Running(process.pid, place.port, time.monotonic() - begun, place.folder)
        finally:
            stop(process, STOP_PATIENCE)


def _finish(launch: Launch, place: Place) -> None:
    env = _environment(launch, place)
    done = subprocess.run(launch.argv, cwd=place.folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerFailed(f"{launch.argv[0]} failed: {' '.join(done.stderr.split())[-_SHOWN:]}")


def _spawn(launch: Launch, place: Place, cores: str) -> subprocess.Popen[bytes]:
    with (place.folder / "server.log").open("wb") as log:
        try:
            return subprocess.Popen(
                on_core(cores, launch.argv),
                cwd=place.folder,
                env=_environment(launch, place),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerFailed(f"{launch.argv[0]} cannot be run: {error.strerror}") from error


def _environment(launch: Launch, place: Place) -> dict[str, str]:
    # a caller's own PYTHONPATH or server settings would change what is measured
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "JAVA_HOME") if name in os.environ}
    # an environment's programs call each other by name
    path = os.pathsep.join((str(place.bin), os.environ.get("PATH", "")))
    return kept | QUIET | {"PATH": path} | launch.env


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
    """Ports that nobody listens on now, and that the system gives to no outgoing connection meanwhile."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex((HOST, port)) != 0:
                found.append(port)
    return tuple(found)
