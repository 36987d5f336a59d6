"""The really running service, in this process or in one of its own, and evidence for it."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from integrations.judge_service.rollouts import MOST_BYTES, Rollouts
from integrations.judge_service.server import Server
from release.domain.policy import Policy
from release.judge import quiet
from tests.conftest import ROOT
from tests.release.judge.traffic import BLOCK, QUICK, pair, records

RECORDED = ROOT / "tests/release/judge/recorded/one_release_at_1pct.jsonl"
PATH = "serving/delays"
"""Namespace and name."""


class Answered(NamedTuple):
    """A status, and what was told."""

    status: int
    told: Any


class Service:
    """Asks a service that listens on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def call(self, method: str, path: str, body: object = None) -> Answered:
        """One request; a body that is no text goes as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            data = None if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        told = json.loads(text) if answer.headers["Content-Type"] == "application/json" else text
        return Answered(answer.status, told)

    def post(self, lines: Iterable[str], checksum: str = "") -> Answered:
        """Post evidence to the open rollout; of a checksum, once somebody has asked about it."""
        if checksum:
            self.argo(checksum)
        return self.call("POST", f"/evidence/{PATH}{checksum and '/' + checksum}", "\n".join(lines))

    def argo(self, checksum: str) -> Answered:
        """What Argo is told."""
        return self.call("GET", f"/argo/{PATH}/{checksum}")

    def flagger(self, hook: str, checksum: str, phase: str = "Progressing") -> int:
        """The status of one of Flagger's hooks."""
        payload = {"name": "delays", "namespace": "serving", "phase": phase, "checksum": checksum}
        return self.call("POST", f"/flagger/{hook}", payload).status


@contextmanager
def running(folder: Path, policy: Policy = QUICK, most_bytes: int = MOST_BYTES) -> Generator[Service]:
    """A service in a thread, which listens on a port of its own."""
    with serving(Rollouts(folder, policy, most_bytes)) as service:
        yield service


@contextmanager
def serving(rollouts: Rollouts) -> Generator[Service]:
    """The same over these rollouts."""
    server = Server(("127.0.0.1", 0), rollouts)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Service(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def started(folder: Path, policy: Policy = QUICK) -> Generator[tuple[Service, subprocess.Popen[str]]]:
    """A service in a process of its own, as people start it."""
    given = folder.parent / f"{folder.name}.policy.json"
    given.write_text(policy.model_dump_json())
    command = [sys.executable, "-m", "integrations.judge_service", "--folder", str(folder), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--policy", str(given)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield Service(int(process.stdout.readline().partition(",")[0].rpartition(":")[2])), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def now_by_blocks() -> float:
    """The end of the last whole block."""
    return time.time() // BLOCK * BLOCK


def streamed(bad: Mapping[str, Any] | None = None, seed: int = 1, until: float | None = None) -> list[str]:
    """Windows of candidate and live that end now, and the word that no more come."""
    given = records(*pair(seed, **(bad or {})))
    moved = (until or now_by_blocks()) - max(record["end"] for record in given)
    lines = [
        json.dumps(record | {"start": record["start"] + moved, "end": record["end"] + moved})
        for record in given
    ]
    return [*lines, quiet.line(40.0)]
