"""One connection: requests in, answers out, in order. It knows no route and no HTTP syntax.

A small body is decoded on the event loop, because handing it to a thread costs more than that, and scored
together with what else has arrived (`batcher`); a large one goes to a thread, so that /ping is answered
meanwhile. A sender that does not read its answers is not read either.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import cast

from model.serving.answers import Answer, on_the_wire
from model.serving.application import Job, Request
from model.serving.formats.media import takes_long
from model.serving.http.budget import Budget
from model.serving.http.reader import LARGE_BODY, Incoming, Reader
from model.serving.http.request_ids import RequestIds

MAX_CONNECTIONS = 4096
"""Open connections of one process. Any more are answered 503 and closed."""
MAX_HELD = 256 * 1024 * 1024
"""Bytes of large bodies that a process keeps at once, or four of the largest allowed if that is more."""
REQUEST_SECONDS = 60.0
"""Within this time a request has to arrive and an answer has to be read; SageMaker gives up after 60 s."""
IDLE_SECONDS = 600.0
"""An unused connection is closed after this time, which is longer than proxies keep theirs open."""
LINGER_SECONDS = 2.0
"""After a refusal, what still comes of the request is read and dropped for this time: closing at once could
make the sender lose the answer."""


Observe = Callable[[Request | None, Answer, float, str], None]
"""Called for every answer, with the request (None when it was refused before it was whole), the answer, the
seconds from the whole request to the answer, and the request's id."""


def _unobserved(_request: Request | None, _answer: Answer, _seconds: float, _id: str) -> None:
    """Counts nothing."""


@dataclass
class Shared:
    """What the connections of one process have in common. `max_body` is in bytes."""

    begin: Callable[[Request], Answer | Job]
    batch: Callable[[Job, Callable[[Answer], None]], None]
    respond_in_thread: Callable[[Request], "asyncio.Future[Answer]"]
    max_body: int
    observe: Observe = _unobserved
    ids: RequestIds = field(default_factory=RequestIds)
    connections: set["Connection"] = field(default_factory=set)
    draining: bool = False

    def __post_init__(self) -> None:
        self.budget = Budget(max(MAX_HELD, 4 * self.max_body))


def _is_small(request: Request) -> bool:
    """Whether a request is decoded in less time than a thread costs."""
    headers = request.headers
    if len(request.body) >= LARGE_BODY or "content-encoding" in headers:
        return False
    return not takes_long(headers.get("content-type", ""))


class Connection(asyncio.Protocol):
    """Reads requests, lets them be answered one after the other, and writes the answers."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._now = asyncio.get_running_loop().time
        self._reader = Reader(shared.max_body, self._deliver, self._proceed, shared.ids.of, shared.budget)
        self._waiting: deque[Incoming] = deque()
        self._answering = False
        self._ended = False
        self._blocked = False
        self._paused = False
        self._last = False
        self._deadline = self._now() + IDLE_SECONDS

    @property
    def idle(self) -> bool:
        """Whether nothing is being read, answered or written."""
        return not (self._reader.in_request or self._waiting or self._answering or self._blocked)

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
        if len(self._shared.connections) > MAX_CONNECTIONS:
            self._reader.refuse(503, "overloaded", "The server has as many connections as it can. Try again.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._last = True
        self._reader.release()
        for incoming in self._waiting:
            self._give_back(incoming)
        self._waiting.clear()
        self._shared.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._last:
            return
        begun = self._reader.begun
        self._reader.feed(data)
        if self._reader.in_request and self._reader.begun != begun and not self._paused:
            self._deadline = self._now() + REQUEST_SECONDS

    def eof_received(self) -> bool:
        """Whether the transport is to stay open: a sender that ended its side still gets its answers."""
        if self._reader.in_request:
            self._reader.refuse(400, "incomplete", "The request ended before it was whole.")
        self._ended = True
        return bool(self._answering or self._waiting)

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
        if not self._answering and len(self._waiting) == 1:
            self._go_on()
        elif not self._paused:
            self._pause()  # requests sent ahead of their answers are read no faster than answered

    def _go_on(self) -> None:
        """Answers what waits, until something has to be waited for."""
        while self._waiting and not (self._answering or self._blocked or self._last):
            self._answer(self._waiting.popleft())
        if self._paused and not (self._answering or self._blocked or self._last):
            self._resume()

    def _answer(self, incoming: Incoming) -> None:
        content = incoming.content
        if isinstance(content, Answer):
            self._send(content, incoming)
        elif _is_small(content):
            begun = self._shared.begin(content)
            if isinstance(begun, Answer):
                self._send(begun, incoming)
            else:
                self._answering = True
                self._shared.batch(begun, partial(self._answered, incoming))
        else:
            self._answering = True
            self._deadline = math.inf
            self._pause()
            future = self._shared.respond_in_thread(content)
            future.add_done_callback(lambda done: self._answered(incoming, done.result()))

    def _answered(self, incoming: Incoming, answer: Answer) -> None:
        self._answering = False
        self._send(answer, incoming)
        if self._waiting or self._paused:
            self._go_on()

    def _send(self, answer: Answer, incoming: Incoming) -> None:
        content = incoming.content
        request = content if isinstance(content, Request) else None
        seconds = 0.0 if request is None else perf_counter() - request.received
        self._shared.observe(request, answer, seconds, incoming.id)
        self._give_back(incoming)
        if self._last:
            return  # the sender is gone; what it was to be told counts all the same
        leaving = (self._shared.draining or self._ended) and not self._waiting
        close = leaving or not incoming.keep_alive
        self._deadline = self._now() + IDLE_SECONDS
        self._transport.write(on_the_wire(answer, incoming.id, close=close, with_body=incoming.with_body))
        if close:
            self._close(refused=request is None)

    def _give_back(self, incoming: Incoming) -> None:
        content = incoming.content
        if isinstance(content, Request) and len(content.body) >= LARGE_BODY:
            self._shared.budget.give(len(content.body))

    def _close(self, *, refused: bool) -> None:
        self._last = True
        if refused and not self._ended and self._transport.can_write_eof():
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
