"""What takes too long is ended. Real sockets; the time that passes is given as a value."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from model.serving.answers import Answer
from model.serving.application import Request
from model.serving.http import connection as connections
from model.serving.http.connection import IDLE_SECONDS, REQUEST_SECONDS, Connection, Shared
from model.serving.http.listener import Listener, listen
from model.serving.settings import Settings

HALF = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345"
LARGE = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000


class _Server:
    """Connections of one loop. Answers have `size` bytes; large requests wait until `large` is set."""

    def __init__(self, size: int) -> None:
        self._answer = Answer(200, "text/csv", b"y" * size)
        self.large: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.shared = Shared(lambda _request: self._answer, lambda _job, _done: None, self._later, 100_000)
        self._listening = listen(Settings("127.0.0.1", 0, Path(), 1, 100_000), share_port=False)
        self.listener = Listener(self._listening, lambda: Connection(self.shared))

    def _later(self, _request: Request) -> asyncio.Future[Answer]:
        return self.large

    def expire(self, seconds: float) -> None:
        """As if `seconds` had passed."""
        for connection in list(self.shared.connections):
            connection.expire(asyncio.get_running_loop().time() + seconds)

    async def client(
        self, sent: bytes, taken: int = 65536
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection over which `sent` was sent and read, and that takes about `taken` bytes by itself."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(self._listening.getsockname())
        reader, writer = await asyncio.open_connection(sock=client, limit=taken)
        writer.write(sent)
        await writer.drain()
        for _ in range(100):
            await asyncio.sleep(0.001)
            if self.shared.connections and (not sent or not next(iter(self.shared.connections)).idle):
                break
        return reader, writer


def _run(test: Callable[[_Server], Awaitable[None]], size: int = 10) -> None:
    async def with_server() -> None:
        server = _Server(size)
        await asyncio.wait_for(test(server), 10)
        await server.listener.close()

    asyncio.run(with_server())


@pytest.mark.parametrize(
    ("sent", "seconds", "answers"),
    [
        (b"", IDLE_SECONDS, []),
        (HALF, REQUEST_SECONDS, [b"408"]),
        (HALF + b"67890" + HALF, REQUEST_SECONDS, [b"200", b"408"]),
    ],
    ids=["nothing", "half a request", "half a second request"],
)
def test_a_sender_that_waits_too_long(sent: bytes, seconds: float, answers: list[bytes]) -> None:
    async def test(server: _Server) -> None:
        reader, writer = await server.client(sent)
        server.expire(seconds - 2)
        await asyncio.sleep(0.01)
        assert len(server.shared.connections) == 1
        server.expire(seconds + 1)
        got = await reader.read()
        assert [line[:3] for line in got.split(b"HTTP/1.1 ")[1:]] == answers
        writer.close()

    _run(test)


def test_a_request_that_is_being_answered_has_time() -> None:
    async def test(server: _Server) -> None:
        reader, writer = await server.client(LARGE)
        server.expire(10 * IDLE_SECONDS)
        server.large.set_result(Answer(200, "text/csv", b"late"))
        assert (await reader.readuntil(b"late")).startswith(b"HTTP/1.1 200")
        writer.close()

    _run(test)


def test_an_answer_that_nobody_takes_ends_the_connection() -> None:
    async def test(server: _Server) -> None:
        _, writer = await server.client(HALF + b"67890", taken=1)
        server.expire(REQUEST_SECONDS - 2)
        await asyncio.sleep(0.01)
        assert len(server.shared.connections) == 1
        server.expire(REQUEST_SECONDS + 1)
        await asyncio.sleep(0.01)
        assert not server.shared.connections
        writer.close()

    _run(test, size=20_000_000)


def test_one_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)

    async def test(server: _Server) -> None:
        _, first = await server.client(b"")
        reader, second = await server.client(b"")
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        for writer in (first, second):
            writer.close()

    _run(test)
