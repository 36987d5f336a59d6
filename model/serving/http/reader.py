"""Bytes into HTTP/1.1 requests, with a limit on everything that a sender can make large. No socket, no route.

httptools (llhttp, Node's parser) reads the protocol and refuses what is ambiguous.
"""

import logging
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
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
"""Bytes of request line and headers; spaces around a header's value do not count."""
MAX_FRAMING = 8
"""Bytes of chunk headers allowed for each byte of body. Chunks of one byte need six."""
MAX_DISCARDED = 10
"""How many times the limit is read of a body that exceeds it, and dropped, so that its sender sees the
413."""
_USUAL = (
    *("Accept", "Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type"),
    *("Expect", "Host", "Transfer-Encoding", "Upgrade", "User-Agent", "X-Request-Id"),
    "X-Amzn-SageMaker-Custom-Attributes",
)
"""Headers as most senders write them: looking up the lower case is quicker than making it."""
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
"""What an absolute target, which clients send to a proxy, has before its path."""
_NO_VERSION = ("Invalid HTTP version", "Pause on PRI/Upgrade")
"""What llhttp says of another version of HTTP, and of HTTP/2 from a sender that does not ask first."""


class _LowerCase(dict[bytes, str]):
    """Names of headers as they arrive, in lower case. It does not grow."""

    def __missing__(self, name: bytes) -> str:
        return name.decode("latin-1").lower()


_NAMES = _LowerCase({way.encode(): name.lower() for name in _USUAL for way in (name, name.lower())})


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
        self._piece = len(data)
        if self.in_request:
            self._fed += self._piece
        try:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._decline(memoryview(data)[offer.args[0] :])
        except httptools.HttpParserCallbackError as error:
            # its text may hold what was sent
            where = "".join(traceback.format_tb((error.__context__ or error).__traceback__))
            log.error("reading a request failed: %s\n%s", type(error.__context__ or error).__name__, where)
            self.refuse(500, "internal_error", "The server failed. The request may be right.")
        except httptools.HttpParserError as error:
            if str(error) in _NO_VERSION:
                self._refuse_version()
            else:
                self.refuse(400, "invalid_http", "This is no HTTP/1.1 request.")
        if self.in_request and self._fed - self._body_bytes > MAX_HEAD + MAX_FRAMING * self._body_bytes:
            self._refuse_head()

    def _decline(self, rest: memoryview) -> None:
        """Reads on as if nobody had offered another protocol (h2c, websocket): a server may ignore that.

        llhttp takes what follows such a head for the other protocol, a body too. So a new parser gets the
        head without the offer, then the `rest`.
        """
        while not self._done:
            head = self._without_offer()
            self._parser = httptools.HttpRequestParser(self)
            self._parser.feed_data(head)
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as offer:
                rest = rest[offer.args[0] :]
            else:
                return

    def _without_offer(self) -> bytes:
        parser = self._parser
        lines = [f"{name}: {value}\r\n" for name, value in self._headers.items() if name != "upgrade"]
        version = f" HTTP/{parser.get_http_version()}\r\n".encode()
        return b"%b %b%b%b\r\n" % (
            parser.get_method(),
            self._target,
            version,
            "".join(lines).encode("latin-1"),
        )

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answers what is being read with an error, and reads no more."""
        if not self._done:
            self._done = True
            self.in_request = False
            self.release()
            path = _path(self._target.partition(b"?")[0].decode("latin-1"))
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
        self._first = self._piece
        self._repeated: list[tuple[str, str]] | None = None
        self._too_large = False

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = _NAMES[name]
        if key in self._headers:
            self._repeat(key, value.decode("latin-1"))
        else:
            self._headers[key] = value.decode("latin-1")

    def _repeat(self, key: str, value: str) -> None:
        """A header that is there already."""
        if key == "host":
            self._refuse_host("two Host headers")
        self._repeated = self._repeated or []
        self._repeated.append((key, value))

    def _join(self, repeated: Sequence[tuple[str, str]]) -> None:
        """Makes a list of values that differ, as RFC 9110 (5.3) says."""
        values = {key: {self._headers[key]: None} for key, _ in repeated}
        for key, value in repeated:
            values[key][value] = None
        for key, found in values.items():
            self._headers[key] = ", ".join(found)

    def on_headers_complete(self) -> None:
        headers = self._headers
        # Of all versions only 1.1 stays when nobody says so; asking llhttp for the version takes longer.
        if not self._parser.should_keep_alive() or "connection" in headers or "proxy-connection" in headers:
            version = self._parser.get_http_version()
            self._stays = version == "1.1"
            if not self._stays and version != "1.0":
                self._refuse_version()
        else:
            self._stays = True
        if self._stays and "host" not in headers:
            self._refuse_host("no Host header")
        if self._fed + self._first > MAX_HEAD and self._head_bytes() > MAX_HEAD:
            self._refuse_head()
        if self._repeated:
            self._join(self._repeated)
        self._offered = self._parser.should_upgrade()
        if self._done or self._offered:
            return
        # trailers go into a copy: they must not change what the body is
        self._whole = headers
        if "transfer-encoding" in headers:
            self._headers = headers.copy()
        self._too_large = int(headers.get("content-length") or 0) > self._max_body
        if "expect" in headers and headers["expect"].lower() == "100-continue":
            if self._too_large:
                self._refuse_size()
            else:
                self._proceed()

    def _head_bytes(self) -> int:
        """The bytes of request line and headers, without spaces around values."""
        line = len(self._parser.get_method()) + len(self._target) + len("  HTTP/1.1\r\n")
        headers = (*self._headers.items(), *(self._repeated or ()))
        return line + sum(len(name) + len(value) + 4 for name, value in headers) + len("\r\n")

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
        offered = self._offered
        method = self._parser.get_method().decode("latin-1")
        if offered and method != "CONNECT":
            return  # not the end: see _decline
        if self._too_large:
            self._refuse_size()
            return
        self.in_request = False
        self._taken = 0  # given back by who has it now
        path, _, query = self._target.decode("latin-1").partition("?")
        if path[:1] != "/":
            path = _path(path)
        headers = self._headers if offered else self._whole
        identity = self._identify(headers)
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        request = Request(method, path, headers, body, query, identity, perf_counter())
        # CONNECT is followed by another protocol, and HTTP/1.0 would have to be asked to stay
        keep_alive = self._stays and not offered and self._parser.should_keep_alive()
        self._done = offered
        self._deliver(Incoming(request, identity, keep_alive, method != "HEAD"))

    def _refuse_version(self) -> None:
        self.refuse(505, "http_version", "The server speaks HTTP/1.1 and 1.0, and no other version.")

    def _refuse_host(self, what: str) -> None:
        message = f"The request has {what}, and HTTP/1.1 asks for one, such as Host: localhost."
        self.refuse(400, "invalid_host", message)

    def _refuse_head(self) -> None:
        self.refuse(431, "head_too_large", f"Request line and headers are over {MAX_HEAD} bytes.")

    def _refuse_size(self) -> None:
        self.refuse(413, "body_too_large", f"The body is over the limit of {self._max_body} bytes.")


def _path(target: str) -> str:
    """The path of a target, which may be absolute: `http://host/ping`."""
    if authority := _AUTHORITY.match(target):
        return target[authority.end() :] or "/"
    return target
