"""The few ASGI pieces that the sandbox needs: read a body, answer, look a header up."""

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]


class BodyTooLarge(ValueError):
    """The body is longer than the limit that was given."""


def header(scope: Scope, name: bytes) -> str:
    """A request header (name in lower case), or an empty string."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


class ClientGone(ConnectionError):
    """The client hung up before its request was whole."""


async def read_body(receive: Receive, limit: int | None = None) -> bytes:
    """The whole request body. Raises BodyTooLarge and ClientGone."""
    message = await _next(receive)
    body = message.get("body", b"")
    if not message.get("more_body"):
        if limit is not None and len(body) > limit:
            raise BodyTooLarge
        return body
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await _next(receive)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if limit is not None and size > limit:
            raise BodyTooLarge
    return b"".join(chunks)


async def _next(receive: Receive) -> MutableMapping[str, Any]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


async def respond(send: Send, status: int, body: bytes, headers: Headers = ()) -> None:
    """A whole response, with its length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def respond_json(send: Send, status: int, value: Any, headers: Headers = ()) -> None:
    """A JSON response."""
    body = json.dumps(value, default=str).encode()
    await respond(send, status, body, [(b"content-type", b"application/json"), *headers])
