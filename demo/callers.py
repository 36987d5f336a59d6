"""Callers of an endpoint: `python -m demo.callers URL ENDPOINT RATE` sends real flights until it is stopped.

Requests come at random moments (Poisson), as from callers who know nothing of each other. When it is told to
stop (SIGTERM) it prints one JSON line: how many were sent, and when which were not answered with a 200, and
when each variant answered for the last time (seconds since 1970).
"""

import json
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from demo.project import ROOT
from model.service.data import load, of_months
from model.service.features import NAMES

CONNECTIONS = 6
FLIGHTS = 2_000
MONTH = 11
"""A month after those that models are trained on."""
TIMEOUT = 60.0
BEGUN_SECONDS = 6.0
"""Windows of telemetry are 5 s long: after so much the callers are in one."""
VARIANT = "x-Amzn-Invoked-Production-Variant"


def bodies(cache: Path, count: int = FLIGHTS) -> list[bytes]:
    """Requests for one flight each, as JSON; missing values are null."""
    rows = of_months(load(cache).table, MONTH)[list(NAMES)].sample(count, random_state=0).to_dict("records")
    plain = ({name: _json(value) for name, value in row.items()} for row in rows)
    return [json.dumps({"instances": [row]}).encode() for row in plain]


def _json(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else getattr(value, "item", lambda: value)()


@dataclass
class Calls:
    """What callers came to: known when they have stopped."""

    sent: int = 0
    failures: list[float] = field(default_factory=list)
    """When a request was not answered with a 200; all times are seconds since 1970."""
    last: dict[str, float] = field(default_factory=dict)
    """When each variant answered for the last time, by SageMaker's header."""


@contextmanager
def calling(url: str, endpoint: str, rate: float) -> Generator[Calls]:
    """While the block runs, callers in another process send `endpoint` at `url` `rate` requests a second.

    It begins when its telemetry can tell of them.
    """
    command = [sys.executable, "-m", "demo.callers", url, endpoint, str(rate)]
    calls = Calls()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield calls
        finally:
            process.terminate()
            for name, value in json.loads(process.stdout.read()).items():
                setattr(calls, name, value)


class Callers:
    """Threads that send requests at a common rate until `stop`."""

    def __init__(self, url: str, endpoint: str, rate: float, requests: list[bytes]) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "127.0.0.1", parts.port or 80
        self._path = f"/endpoints/{endpoint}/invocations"
        self._pause = CONNECTIONS / rate
        self._requests = requests
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.calls = Calls()
        self._threads = [
            threading.Thread(target=self._call, args=(seed,), daemon=True) for seed in range(CONNECTIONS)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send no more, and wait for the answers that are due."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(TIMEOUT)

    def _call(self, seed: int) -> None:
        random, connection = Random(seed), HTTPConnection(*self._address, timeout=TIMEOUT)  # noqa: S311
        due = time.monotonic()
        while True:
            due += random.expovariate(1 / self._pause)
            if self._stopped.wait(max(due - time.monotonic(), 0)):
                return
            # One that cannot keep up does not send the rest in one burst.
            due = max(due, time.monotonic() - 1)
            good, variant = self._send(connection, random.choice(self._requests))
            with self._lock:
                self.calls.sent += 1
                self.calls.last[variant] = time.time()
                if not good:
                    self.calls.failures.append(time.time())

    def _send(self, connection: HTTPConnection, body: bytes) -> tuple[bool, str]:
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            connection.close()
            return False, ""
        return answer.status == 200, answer.getheader(VARIANT, "")


def main() -> None:
    """Send until SIGTERM."""
    url, endpoint, rate = sys.argv[1:]
    callers = Callers(url, endpoint, float(rate), bodies(ROOT / ".build" / "data"))
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    callers.start()
    stopped.wait(BEGUN_SECONDS)
    print("calling", flush=True)
    stopped.wait()
    callers.stop()
    print(json.dumps(asdict(callers.calls)), flush=True)


if __name__ == "__main__":
    main()
