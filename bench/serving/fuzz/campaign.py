"""Sends cases over several kept connections at once, and keeps what was wrong. It starts no server."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from bench.serving.fuzz.cases import Case, case
from bench.serving.fuzz.findings import Finding
from bench.serving.fuzz.oracle import LONGEST, fault
from bench.serving.raw_http import Answer, BadAnswer, Wire
from model.serving.models.schema import Schema

CONNECTIONS = 8
_PATIENCE = 3 * LONGEST
"""Seconds until an answer is given up: longer than a hang, which is told from an answer that is late."""
_MOST_FINDINGS = 200
_SLOW = 10


@dataclass
class Tally:
    """What came back."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    right: int = 0
    """Right requests among them, all of which were scored."""
    slow: list[tuple[float, str]] = field(default_factory=list)
    """Seconds and case of the slowest, the worst first."""
    findings: list[Finding] = field(default_factory=list)


class Campaign:
    """One run."""

    def __init__(
        self, port: int, schema: Schema, seed: int, numbers: Iterable[int], kind: str | None = None
    ) -> None:
        """Sends the cases of these numbers, all of `kind` if one is given."""
        self.tally = Tally()
        self._port, self._schema, self._seed, self._kind = port, schema, seed, kind
        self._numbers: Iterator[int] = iter(numbers)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._defect: Exception | None = None
        self._threads = [threading.Thread(target=self._run) for _ in range(CONNECTIONS)]

    def start(self) -> None:
        """Begins."""
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        """Whether there is still something to send."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float) -> None:
        """Returns when everything is sent and answered, or after so many seconds."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))

    def stop(self) -> None:
        """Sends nothing more; returns when what was sent is answered. Raises what ended a thread."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._defect is not None:
            raise self._defect

    def _run(self) -> None:
        wire: Wire | None = None
        try:
            while not self._stop.is_set() and (number := self._next()) is not None:
                made = case(self._seed, number, self._schema, self._kind)
                wire = self._try(made, wire)
        except Exception as error:  # a defect of ours ends the run, and is told
            self._defect = error
            self._stop.set()
        finally:
            if wire is not None:
                wire.close()

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _try(self, made: Case, wire: Wire | None) -> Wire | None:
        """Sends one case; the connection, where it can be used again."""
        begun = time.monotonic()
        answers: list[Answer] = []
        wrong = ""
        try:
            wire = wire or Wire(self._port, _PATIENCE)
            answers += sent(wire, made)
        except TimeoutError:
            wrong = f"no answer in {_PATIENCE:.0f} s"
        except (OSError, BadAnswer) as error:
            wrong = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - begun
        wrong = wrong or fault(made, answers, seconds)
        self._count(made, answers, seconds, wrong)
        if wire is not None and (wrong or made.broken or answers[-1].closes):
            wire.close()
            return None
        return wire

    def _count(self, made: Case, answers: list[Answer], seconds: float, wrong: str) -> None:
        with self._lock:
            tally = self.tally
            tally.sent += 1
            tally.kinds[made.kind] += 1
            tally.statuses.update(answer.status for answer in answers)
            tally.right += made.rows is not None and not wrong
            if len(tally.slow) < _SLOW or seconds > tally.slow[-1][0]:
                slow = [*tally.slow, (round(seconds, 3), f"{made.number} ({made.kind})")]
                tally.slow = sorted(slow, reverse=True)[:_SLOW]
            if wrong:
                tally.findings.append(Finding(self._seed, made, wrong, answers))
            if len(tally.findings) >= _MOST_FINDINGS:
                self._stop.set()


def sent(wire: Wire, made: Case) -> list[Answer]:
    """Sends a case; its answers. Raises OSError and BadAnswer."""
    # who refuses what is on its way may have closed already; its answer is there all the same
    with suppress(ConnectionResetError, BrokenPipeError):
        for piece in made.pieces:
            wire.send(piece)
        if made.broken:
            wire.end()
    if not made.broken:
        answer = wire.receive(with_body=made.with_body)
        return [] if answer is None else [answer]
    return list(_all(lambda: wire.receive(with_body=made.with_body)))


def _all(receive: Callable[[], Answer | None]) -> Iterator[Answer]:
    for number in count():
        try:
            answer = receive()
        except ConnectionResetError:
            if number == 0:
                raise
            return  # refused, told, and closed while we still sent
        if answer is None:
            return
        yield answer
