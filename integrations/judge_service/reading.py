"""A request's bytes, within bounds: how long they may take, how many a body has, and where it ends."""

import io
import socket
import time
from email.message import Message
from typing import Any

MOST_BODY = 8 * 2**20
"""Bytes of a body."""
SOCKET_SECONDS = 10.0
"""How long a caller may be silent in the middle of a request, or between two."""
REQUEST_SECONDS = 30.0
"""How long a whole request may take to come."""
_DIGITS = 12
"""Of a length that is read: thousands of them are an error of Python's."""


class Refusal(Exception):
    """A request that is not answered with a verdict: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Timely(io.RawIOBase):
    """What a socket receives; a TimeoutError where it is silent, or a request took too long to come."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.begin()

    def begin(self) -> None:
        """From now on the next request is read."""
        self._until = time.monotonic() + REQUEST_SECONDS

    def readable(self) -> bool:
        """As a buffered reader wants it."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Receive what has come. Raises TimeoutError, OSError."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the request did not come within {REQUEST_SECONDS:g} s")
        self._connection.settimeout(min(left, SOCKET_SECONDS))
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(SOCKET_SECONDS)


def has_body(headers: Message) -> bool:
    """Whether bytes follow the headers that are no request."""
    lengths = headers.get_all("Content-Length", [])
    return "Transfer-Encoding" in headers or any(length.strip() != "0" for length in lengths)


def length(headers: Message) -> int:
    """Of the body, in bytes. Raises Refusal where a proxy before this one might read another."""
    lengths = headers.get_all("Content-Length", [])
    if "Transfer-Encoding" in headers or len(lengths) != 1:
        raise Refusal(411, "a body with one Content-Length, and no Transfer-Encoding, is wanted")
    told = lengths[0].strip()
    if not (told.isascii() and told.isdigit()):
        raise Refusal(400, "Content-Length is no number")
    if len(told) > _DIGITS or int(told) > MOST_BODY:
        raise Refusal(413, f"a body has at most {MOST_BODY:,} bytes")
    return int(told)


def body(stream: io.BufferedIOBase, size: int) -> str:
    """So many bytes, as text. Raises Refusal where they do not come, or come too slowly."""
    try:
        data = stream.read(size)
    except TimeoutError:
        raise Refusal(408, f"the body did not come within {REQUEST_SECONDS:g} s") from None
    if len(data) < size:
        raise Refusal(400, "the body ended before its Content-Length")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refusal(400, "the body is no UTF-8") from None
