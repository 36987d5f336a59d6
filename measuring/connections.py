"""Requests over kept connections, as fast as they are answered or at a given pace.

A loop over sockets that parses no more of an answer than it must: a load generator that costs a fraction of
what it measures. Times are in seconds.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

HOST = "127.0.0.1"
"""Only servers of this machine are measured."""
ANSWER_LIMIT = 75.0
"""Seconds after which an answer is given up; InvokeEndpoint's own limit is 60."""


@dataclass
class Outcome:
    """What came back: times of good answers, and everything else by what it was."""

    seconds: list[float] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        """Good answers."""
        return len(self.seconds)


def request(path: str, body: bytes = b"0123456789" * 20) -> bytes:
    """The bytes of one POST; 200 bytes of body, about a small prediction."""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def one_by_one(port: int, message: bytes, requests: int) -> Outcome:
    """Requests over one connection, each sent when the one before is answered."""
    outcome = Outcome()
    with _connect(port) as connection:
        for _ in range(requests):
            started = time.perf_counter()
            connection.sendall(message)
            answer = b""
            while not _whole(answer):
                chunk = connection.recv(65536)
                if not chunk:
                    raise ConnectionError("the server hung up")
                answer += chunk
            _count(outcome, answer, time.perf_counter() - started)
    return outcome


def at_once(port: int, message: bytes, connections: int, seconds: float, pace: float = 0.0) -> Outcome:
    """Requests over several connections for a while; `pace` is requests a second, 0 as many as there are.

    A connection that breaks counts as a bad answer and is opened again.
    """
    return _Loop(port, message, connections, pace).run(time.perf_counter() + seconds)


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = _connect(port)
        self.started = 0.0
        self.answer = b""


class _Loop:
    """The connections of one `at_once`."""

    def __init__(self, port: int, message: bytes, connections: int, pace: float) -> None:
        self._port, self._message, self._pace = port, message, pace
        self._outcome = Outcome()
        self._selector = selectors.DefaultSelector()
        self._idle = [self._open() for _ in range(connections)]
        self._busy: set[_Connection] = set()

    def run(self, end: float) -> Outcome:
        begun, sent = time.perf_counter(), 0
        while (now := time.perf_counter()) < end or self._busy:
            due = int((now - begun) * self._pace) + 1 if self._pace else sent + len(self._idle)
            while now < end and self._idle and sent < due:
                self._send(self._idle.pop())
                sent += 1
            for key, _ in self._selector.select(0.002 if self._pace else 0.5):
                self._receive(key.data)
            if self._busy and now > end + ANSWER_LIMIT:
                self._outcome.bad["no answer"] += len(self._busy)
                break
        for connection in [*self._idle, *self._busy]:
            connection.socket.close()
        self._selector.close()
        return self._outcome

    def _open(self) -> _Connection:
        connection = _Connection(self._port)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def _send(self, connection: _Connection) -> None:
        connection.started, connection.answer = time.perf_counter(), b""
        self._busy.add(connection)
        try:
            connection.socket.sendall(self._message)
        except OSError as error:
            self._lose(connection, error)

    def _receive(self, connection: _Connection) -> None:
        try:
            chunk = connection.socket.recv(65536)
        except OSError as error:
            return self._lose(connection, error)
        if not chunk:
            return self._lose(connection, ConnectionError("hung up"))
        connection.answer += chunk
        if _whole(connection.answer):
            _count(self._outcome, connection.answer, time.perf_counter() - connection.started)
            self._busy.discard(connection)
            self._idle.append(connection)
        return None

    def _lose(self, connection: _Connection, error: OSError) -> None:
        if connection in self._busy:
            self._outcome.bad[f"connection: {error}"] += 1
            self._busy.discard(connection)
        else:
            self._idle.remove(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._idle.append(self._open())


Report = Callable[[str], None]
"""Says a line of progress."""


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port), timeout=ANSWER_LIMIT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    at = head.lower().find(b"content-length:")
    return at >= 0 and len(body) >= int(head[at + 15 :].split(b"\r\n", 1)[0])


def _count(outcome: Outcome, answer: bytes, seconds: float) -> None:
    status = answer[9:12].decode("latin-1")
    if status == "200":
        outcome.seconds.append(seconds)
    else:
        outcome.bad[f"{status} {answer.partition(bytes(4))[0][-200:].decode('latin-1')}"] += 1
