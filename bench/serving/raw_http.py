"""HTTP/1.1 as bytes on a socket: whatever is sent goes out as it is, and answers are read strictly.

For load that a client library would not send, or would put right. It measures nothing.
"""

import socket
from typing import NamedTuple

from bench.serving.peers.base import HOST

_PIECE = 256 * 1024
_MAX_HEAD = 64 * 1024
_NO_BODY = (204, 304)


class BadAnswer(Exception):
    """What came back is no HTTP answer, or none came."""


class Answer(NamedTuple):
    """One answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it."""
        return self.headers.get("connection", "").lower() == "close"


class Wire:
    """One connection. Everything it waits for comes within `seconds`, or TimeoutError is raised."""

    def __init__(self, port: int, seconds: float) -> None:
        """Raises OSError when nobody listens."""
        self._socket = socket.create_connection((HOST, port), seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def send(self, data: bytes) -> None:
        """Sends all of `data`. Raises OSError when the other side has ended."""
        self._socket.sendall(data)

    def end(self) -> None:
        """Says that nothing more will be sent. Raises OSError when the other side has ended."""
        self._socket.shutdown(socket.SHUT_WR)

    def receive(self, *, with_body: bool = True) -> Answer | None:
        """The next answer that is final; None when the other side ended before its first byte.

        `with_body` is off for the answer to HEAD. Raises BadAnswer for what is none, OSError when the
        connection breaks.
        """
        while (answer := self._one(with_body)) is not None and answer.status < 200:
            continue
        return answer

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def _one(self, with_body: bool) -> Answer | None:
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            if len(self._rest) > _MAX_HEAD:
                raise BadAnswer(f"a head of over {_MAX_HEAD} bytes: {self._rest[:200]!r}")
            if not self._more():
                if self._rest:
                    raise BadAnswer(f"an answer that ends in its head: {self._rest[:200]!r}")
                return None
        head, self._rest = self._rest[:end], self._rest[end + 4 :]
        status, headers = parse_head(head)
        body = b""
        if with_body and status >= 200 and status not in _NO_BODY:
            body = self._exactly(body_length(headers))
        return Answer(status, headers, body)

    def _exactly(self, size: int) -> bytes:
        parts, have = [self._rest], len(self._rest)
        while have < size:
            part = self._socket.recv(_PIECE)
            if not part:
                raise BadAnswer(f"a body that ends after {have} of {size} bytes")
            parts.append(part)
            have += len(part)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def _more(self) -> bool:
        part = self._socket.recv(_PIECE)
        self._rest += part
        return bool(part)


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of `head`, which is without its empty line. Raises BadAnswer."""
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) != 3 or parts[0] != "HTTP/1.1" or len(parts[1]) != 3 or not parts[1].isdecimal():
        raise BadAnswer(f"no status line: {first[:200]!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if not colon or not name or name != name.strip() or not line.isprintable():
            raise BadAnswer(f"no header line: {line[:200]!r}")
        if name.lower() in headers:
            raise BadAnswer(f"the header {name} twice")
        headers[name.lower()] = value
    return int(parts[1]), headers


def body_length(headers: dict[str, str]) -> int:
    """The bytes of the body. Raises BadAnswer where the headers do not say."""
    length = headers.get("content-length", "")
    if not length.isdecimal() or "transfer-encoding" in headers:
        raise BadAnswer(f"an answer without its length: {headers}")
    return int(length)


def post(path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> bytes:
    """The bytes of a request with a body, as clients send them."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


def get(path: str, headers: dict[str, str] | None = None, method: str = "GET") -> bytes:
    """The bytes of a request without a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
