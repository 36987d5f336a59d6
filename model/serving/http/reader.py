"""Bytes into HTTP/1.1 requests, with a limit on everything that a sender can make large. No socket, no route.

httptools (llhttp, Node's parser) reads the protocol and refuses what is ambiguous.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple

import httptools

from model.serving.answers import Answer, fault_answer
from model.serving.application import Request
from model.serving.errors import Fault
from model.serving.http.budget import Budget

log = logging.getLogger(__name__)

LARGE_BODY = 64 * 1024
"""Bytes from which a body is large: it counts against the budget, and a thread answers it."""
MAX_HEAD = 64 * 1024
"""Bytes of request line and headers; what arrives in the same piece of data may exceed it."""
MAX_FRAMING = 8
"""Bytes of chunk headers allowed for each byte of body. Chunks of one byte need six."""
MAX_DISCARDED = 10
"""How many times the limit is read of a body that exceeds it, and dropped, so that its sender sees the
413."""


class Incoming(NamedTuple):
    """A whole request, or the refusal of one. Without `keep_alive` nothing more is read after it."""

    content: Request | Answer
    id: str
    keep_alive: bool
    with_body: bool


class Reader:
    """Reads the requests of one connection. The parser calls the `on_` methods."""

    def __init__(
        self,
        max_body: int,
        deliver: Callable[[Incoming], None],
        proceed: Callable[[], None],
        identify: Callable[[Mapping[str, str]], str],
        budget: Budget,
    ) -> None:
        """`max_body` is in bytes; `deliver` gets each request; `proceed` answers a sender that waits for "100
        Continue"; `identify` gives the id of a request with these headers. A large body is taken from
        `budget`; whoever it is delivered to gives it back."""
        self._max_body = max_body
        self._identify = identify
        self._budget = budget
        self._taken = 0
        self._deliver = deliver
        self._proceed = proceed
        self._parser = httptools.HttpRequestParser(self)
        self._done = False
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self.in_request = False
        """Whether a request has begun and is not whole yet."""
        self.begun = 0
        """How many requests have begun."""

    def feed(self, data: bytes) -> None:
        """Reads on; calls `deliver` for each request that is whole now. Never raises for what is sent."""
        if self._done:
            return
        if self.in_request:
            self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._done = True  # only HTTP/1.1 here: the request was delivered, what follows is not for us
        except httptools.HttpParserCallbackError as error:
            # its text may hold what was sent
            where = "".join(traceback.format_tb((error.__context__ or error).__traceback__))
            log.error("reading a request failed: %s\n%s", type(error.__context__ or error).__name__, where)
            self.refuse(500, "internal_error", "The server failed. The request may be right.")
        except httptools.HttpParserError:
            self.refuse(400, "invalid_http", "This is no HTTP/1.1 request.")
        if self.in_request and self._fed - self._body_bytes > MAX_HEAD + MAX_FRAMING * self._body_bytes:
            self.refuse(431, "head_too_large", f"Request line and headers are over {MAX_HEAD} bytes.")

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answers what is being read with an error, and reads no more."""
        if not self._done:
            self._done = True
            self.in_request = False
            self.release()
            path = self._target.partition(b"?")[0].decode("latin-1")
            answer = fault_answer(status, Fault(code, message), path=path)
            self._deliver(Incoming(answer, self._identify(self._headers), keep_alive=False, with_body=True))

    def release(self) -> None:
        """Lets go of what has been read of a body."""
        self._budget.give(self._taken)
        self._taken = 0
        self._body = []

    # httptools

    def on_message_begin(self) -> None:
        self.in_request = True
        self.begun += 1
        self._target = b""
        self._headers = {}
        self._body = []
        self._body_bytes = 0
        self._fed = 0
        self._too_large = False

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._too_large = int(self._headers.get("content-length") or 0) > self._max_body
        if self._headers.get("expect", "").lower() == "100-continue":
            if self._too_large:
                self._refuse_size()
            else:
                self._proceed()

    def on_body(self, body: bytes) -> None:
        if self._done:
            return
        self._body_bytes += len(body)
        if self._body_bytes > self._max_body:
            self._too_large = True
        if self._too_large:
            self.release()
            if self._body_bytes > MAX_DISCARDED * self._max_body:
                self._refuse_size()
        elif self._body_bytes < LARGE_BODY or self._take():
            self._body.append(body)
        else:
            self.refuse(503, "overloaded", "The server holds as many large bodies as it can. Try again.")

    def _take(self) -> bool:
        """Whether the budget has room for what has been read of this body; if so, takes it."""
        more = self._body_bytes - self._taken
        if not self._budget.take(more):
            return False
        self._taken += more
        return True

    def on_message_complete(self) -> None:
        if self._done:
            return
        if self._too_large:
            self._refuse_size()
            return
        self.in_request = False
        self._taken = 0  # given back by who has it now
        method = self._parser.get_method().decode("latin-1")
        path, _, query = self._target.decode("latin-1").partition("?")
        identity = self._identify(self._headers)
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        request = Request(method, path, self._headers, body, query, identity, perf_counter())
        # An upgrade is not taken up, and HTTP/1.0 would have to be asked to stay.
        stays = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        keep_alive = stays and self._parser.get_http_version() == "1.1"
        self._deliver(Incoming(request, identity, keep_alive, method != "HEAD"))

    def _refuse_size(self) -> None:
        self.refuse(413, "body_too_large", f"The body is over the limit of {self._max_body} bytes.")
