"""One connection: requests in, answers out, in order. It knows no route and no HTTP syntax.

A small body is answered on the event loop, because handing it to a thread costs more than scoring it; a large
one goes to a thread, so that /ping is answered meanwhile. A sender that does not read its answers is not read
either.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from model.serving.answers import Answer, on_the_wire
from model.serving.application import Request
from model.serving.http.reader import Incoming, Reader

LARGE_BODY = 64 * 1024
"""Bytes from which a body is answered by a thread."""
REQUEST_SECONDS = 60.0
"""A request arrives within this time, and an answer is read: SageMaker itself gives up after 60 s."""
IDLE_SECONDS = 600.0
"""An unused connection is closed after this time, longer than proxies before us keep theirs."""
LINGER_SECONDS = 2.0
"""After a refusal the rest of a request is dropped for this time: closing at once could lose the answer."""


@dataclass
class Shared:
    """What the connections of one process have in common. `max_body` is in bytes."""

    respond: Callable[[Request], Answer]
    respond_in_thread: Callable[[Request], "asyncio.Future[Answer]"]
    max_body: int
    connections: set["Connection"] = field(default_factory=set)
    draining: bool = False


class Connection(asyncio.Protocol):
    """Reads requests, lets them be answered one after the other, and writes the answers."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._now = asyncio.get_running_loop().time
        self._reader = Reader(shared.max_body, self._deliver, self._proceed)
        self._waiting: deque[Incoming] = deque()
        self._answering: asyncio.Future[Answer] | None = None
        self._blocked = False
        self._paused = False
        self._last = False
        self._deadline = self._now() + IDLE_SECONDS

    @property
    def idle(self) -> bool:
        """Whether nothing is being read, answered or written."""
        busy = self._reader.in_request or self._waiting or self._answering or self._blocked
        return not busy

    def expire(self, now: float) -> None:
        """Ends the connection when its deadline has passed, with 408 when a request is half here."""
        if now < self._deadline:
            return
        if self._reader.in_request and not self._last:
            self._reader.refuse(408, "timeout", f"The request did not arrive in {REQUEST_SECONDS:.0f} s.")
        else:
            self.abort()

    def abort(self) -> None:
        """Ends the connection now."""
        self._transport.abort()

    def hurry(self, seconds: float) -> None:
        """An idle connection that stays idle ends in `seconds`."""
        if self.idle:
            self._deadline = min(self._deadline, self._now() + seconds)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own type is too wide: a stream's transport both reads and writes
        self._transport = cast(asyncio.Transport, transport)
        self._shared.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._last = True
        self._waiting.clear()
        self._shared.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._last:
            return
        begun = self._reader.begun
        self._reader.feed(data)
        if self._reader.in_request and self._reader.begun != begun and not self._paused:
            self._deadline = self._now() + REQUEST_SECONDS

    def eof_received(self) -> None:
        # Nothing is read while something is being answered, so that a sender that ended its side has all its
        # answers by now. The transport closes itself after this, what was written first.
        if self._reader.in_request:
            self._reader.refuse(400, "incomplete", "The request ended before it was whole.")

    def pause_writing(self) -> None:
        self._blocked = True
        self._deadline = self._now() + REQUEST_SECONDS
        self._pause()

    def resume_writing(self) -> None:
        self._blocked = False
        self._deadline = self._now() + IDLE_SECONDS
        self._go_on()

    # Reader

    def _proceed(self) -> None:
        self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _deliver(self, incoming: Incoming) -> None:
        self._waiting.append(incoming)
        if len(self._waiting) == 1:
            self._go_on()

    def _go_on(self) -> None:
        """Answers what waits, until something has to be waited for."""
        while self._waiting and not (self._answering or self._blocked or self._last):
            incoming = self._waiting.popleft()
            content = incoming.content
            if isinstance(content, Answer):
                self._send(content, incoming)
            elif len(content.body) < LARGE_BODY:
                self._send(self._shared.respond(content), incoming)
            else:
                self._deadline = math.inf
                self._pause()
                self._answering = self._shared.respond_in_thread(content)
                self._answering.add_done_callback(partial(self._answered, incoming))
        if self._paused and not (self._answering or self._blocked or self._last):
            self._resume()

    def _answered(self, incoming: Incoming, future: "asyncio.Future[Answer]") -> None:
        self._answering = None
        if not self._last:
            self._send(future.result(), incoming)
            self._go_on()

    def _send(self, answer: Answer, incoming: Incoming) -> None:
        leaving = self._shared.draining and not self._waiting
        close = leaving or not incoming.keep_alive
        self._deadline = self._now() + IDLE_SECONDS
        self._transport.write(on_the_wire(answer, close=close, with_body=incoming.with_body))
        if not close:
            return
        self._last = True
        if isinstance(incoming.content, Answer) and self._transport.can_write_eof():
            self._transport.write_eof()
            self._resume()
            self._deadline = self._now() + LINGER_SECONDS
        else:
            self._transport.close()

    def _pause(self) -> None:
        self._paused = True
        self._transport.pause_reading()

    def _resume(self) -> None:
        self._paused = False
        self._transport.resume_reading()
        if self._reader.in_request:
            self._deadline = self._now() + REQUEST_SECONDS
