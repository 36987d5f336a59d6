"""Watches an endpoint as its callers would: asks it again and again until it answers as expected."""

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Ask = Callable[[str], bytes]
"""Sends a JSON request body to the endpoint, and gives the answer's body."""

POLL_SECONDS = 0.1
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Golden:
    """A request and the scores that one release answers it with: they tell which release serves."""

    body: str
    scores: list[float]


@dataclass
class Watch:
    """Seconds from the start of the watch to the first expected answer; None while there was none."""

    seconds: float | None = None


def golden(trained: Path) -> Golden:
    """The first golden request that training left in a folder, with its scores."""
    request = json.loads((trained / "golden.json").read_text())["requests"][0]
    return Golden(request["body"], request["scores"])


@contextmanager
def watching(ask_once: Ask, expected: Golden) -> Generator[Watch]:
    """While the block runs, keep asking the endpoint until it answers with the expected scores."""
    watch, stopped = Watch(), threading.Event()
    begun = time.monotonic()

    def ask() -> None:
        while not stopped.is_set() and watch.seconds is None:
            found = json.loads(ask_once(expected.body))["predictions"]
            if all(abs(a - b) < TOLERANCE for a, b in zip(found, expected.scores, strict=True)):
                watch.seconds = time.monotonic() - begun
            stopped.wait(POLL_SECONDS)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stopped.set()
        thread.join(timeout=60)
