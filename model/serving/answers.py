"""What goes back to a caller: a status, a media type and a body, and their bytes on the wire."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from model.serving.errors import Fault, RequestError

JSON = "application/json"


class Answer(NamedTuple):
    """One answer. `headers` are whole lines, each ending in CRLF.

    `scores` (of the rows that were scored) and `refused_rows` are not sent; telemetry counts them.
    """

    status: int
    media: str
    body: bytes
    headers: str = ""
    scores: Sequence[float] = ()
    refused_rows: int = 0


def fault_answer(status: int, fault: Fault, headers: str = "", path: str = "") -> Answer:
    """An error as `{"error": {"code", "message", ...}}`, whatever Accept says.

    For a `path` under /v2 it is what the Open Inference Protocol asks for, `{"error": "message", ...}`.
    """
    document: dict[str, Any] = {"error": told(fault)}
    if f"{path}/".startswith("/v2/"):
        document = document["error"]
        document = {"error": document.pop("message"), **document}
    return Answer(status, JSON, msgspec.json.encode(document), headers)


def told(fault: Fault) -> dict[str, Any]:
    """The members of a fault that say something, as JSON."""
    return {name: value for name, value in asdict(fault).items() if value is not None}


def refusal_answer(error: RequestError, path: str = "") -> Answer:
    """The answer to a refused request for `path`."""
    return fault_answer(error.status, error.fault, path=path)


def status_answer(status: int, state: str) -> Answer:
    """The answer to a ping: `{"status": state}`."""
    return Answer(status, JSON, msgspec.json.encode({"status": state}))


def on_the_wire(answer: Answer, request_id: str, *, close: bool, with_body: bool = True) -> bytes:
    """`answer` as HTTP/1.1; `close` says that the connection ends here, `with_body` is off for HEAD."""
    status, media, body, headers, *_ = answer
    head = _head(status, media, headers, close)
    return b"%b%b\r\nContent-Length: %d\r\n\r\n%b" % (
        head,
        request_id.encode(),
        len(body),
        body if with_body else b"",
    )


@lru_cache(maxsize=128)
def _head(status: int, media: str, headers: str, close: bool) -> bytes:
    """The head up to the request id and the length, which come last so that all before them can be cached."""
    connection = "Connection: close\r\n" if close else ""
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{first}Content-Type: {media}\r\n{headers}{connection}X-Request-Id: ".encode("latin-1")
