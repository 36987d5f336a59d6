"""Sends the mix at a steady rate over kept connections, and counts what came back, to the last request.

Several threads share one timetable: a request is due whether the ones before it are answered or not, as long
as a thread is free. Each thread has a connection, which it leaves after some requests, as clients do.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.serving.raw_http import Answer, BadAnswer, Wire
from bench.serving.soak.mix import Asked, Mix

ANSWER_LIMIT = 20.0
"""Seconds after which an answer is given up."""
THREADS = 16
_STAY = (20, 400)
"""Requests on one connection."""
_DRAWN = 64
_KEPT = 20


@dataclass
class Outcome:
    """What came back. What `windows` count is what the server's own windows have to say."""

    statuses: Counter[str] = field(default_factory=Counter)
    """Answers by status, of those that windows count."""
    kinds: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    refused_rows: int = 0
    others: int = 0
    """Answers that windows do not count."""
    connections: int = 0
    wrong: list[str] = field(default_factory=list)
    """The first answers that were not what they had to be."""
    wrongs: int = 0
    dropped: list[str] = field(default_factory=list)
    """The first requests on a living connection that were not answered."""
    drops: int = 0
    turned_away: int = 0
    """After SIGTERM: new connections that ended before their first answer."""

    @property
    def answered(self) -> int:
        """All answers."""
        return sum(self.statuses.values()) + self.others


class Traffic:
    """One soak's requests."""

    def __init__(self, port: int, mix: Mix, rate: float, seed: int) -> None:
        """`rate` is in requests a second."""
        self.outcome = Outcome()
        self._port, self._mix, self._rate = port, mix, rate
        self._lock = threading.Lock()
        self._sent = 0
        self._begun = time.monotonic()
        self._quick = threading.Event()
        self._leaving = threading.Event()
        self._stop = threading.Event()
        self._seconds: list[float] = []
        self._threads = [threading.Thread(target=self._run, args=(seed + n,)) for n in range(THREADS)]

    def start(self) -> None:
        """Begins."""
        self._begun = time.monotonic()
        for thread in self._threads:
            thread.start()

    def hurry(self) -> None:
        """From now on every thread sends as soon as it is answered."""
        self._quick.set()

    def server_leaves(self) -> None:
        """From now on the server may close connections, and take no new ones."""
        self._leaving.set()

    def stop(self) -> None:
        """Sends nothing more, and returns when what was sent is answered."""
        self._stop.set()
        self.join()

    def join(self) -> None:
        """Returns when all threads have ended."""
        for thread in self._threads:
            thread.join()

    @property
    def alive(self) -> bool:
        """Whether every thread still sends."""
        return all(thread.is_alive() for thread in self._threads)

    def take_seconds(self) -> list[float]:
        """How long the answers took that came since the last call; those that windows count."""
        with self._lock:
            taken, self._seconds = self._seconds, []
        return taken

    def _run(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a repeatable mix
        drawn: list[Asked] = []
        while not self._stop.is_set():
            try:
                wire = Wire(self._port, ANSWER_LIMIT)
            except OSError as error:
                if not self._leaving.is_set():
                    self._drop(f"no connection: {error}")
                return
            with self._lock:
                self.outcome.connections += 1
            try:
                self._use(wire, chance, drawn)
            finally:
                wire.close()

    def _use(self, wire: Wire, chance: random.Random, drawn: list[Asked]) -> None:
        """Sends requests until the connection has served its time."""
        for number in range(chance.randint(*_STAY)):
            if not self._wait():
                return
            if not drawn:
                drawn += self._mix.draw(chance, _DRAWN)
            asked = drawn.pop()
            begun = time.perf_counter()
            try:
                wire.send(asked.message)
                answer = wire.receive()
            except (OSError, BadAnswer) as error:
                self._drop(f"{asked.kind}: {type(error).__name__}: {error}", fresh=number == 0)
                return
            if answer is None:
                self._drop(f"{asked.kind}: closed without an answer", fresh=number == 0)
                return
            self._count(asked, answer, time.perf_counter() - begun)
            if answer.closes:
                return

    def _wait(self) -> bool:
        """Until the next request is due; whether it is to be sent."""
        if not self._quick.is_set():
            with self._lock:
                self._sent += 1
                due = self._begun + self._sent / self._rate
            self._quick.wait(max(due - time.monotonic(), 0))
        return not self._stop.is_set()

    def _count(self, asked: Asked, answer: Answer, seconds: float) -> None:
        if answer.status == 503 and not asked.window and self._leaving.is_set():
            fault = ""  # who pings is told that it drains
        elif answer.status != asked.status:
            fault = f"{answer.status} for {asked.status}: {answer.body[:120]!r}"
        else:
            fault = asked.fault(answer)
        with self._lock:
            outcome = self.outcome
            outcome.kinds[asked.kind] += 1
            if asked.window:
                outcome.statuses[str(answer.status)] += 1
                self._seconds.append(seconds)
            else:
                outcome.others += 1
            outcome.rows += asked.rows
            outcome.refused_rows += asked.refused_rows
            if fault:
                outcome.wrongs += 1
                outcome.wrong += [f"{asked.kind}: {fault}"][: _KEPT - len(outcome.wrong)]

    def _drop(self, what: str, fresh: bool = False) -> None:
        """`fresh`: it was the first request on its connection, which the server may never have taken."""
        with self._lock:
            if fresh and self._leaving.is_set():
                self.outcome.turned_away += 1
                return
            self.outcome.drops += 1
            self.outcome.dropped += [what][: _KEPT - len(self.outcome.dropped)]
