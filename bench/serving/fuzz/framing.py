"""Letters as bytes on a connection: whole, in chunks, in pieces, and in every way broken. Pure."""

from dataclasses import replace
from random import Random

from bench.serving.fuzz.envelope import Letter
from bench.serving.fuzz.mangling import mangled
from bench.serving.peers.base import HOST

ID = "X-Request-Id"
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
_LENGTHS = ("-1", "+5", "0x10", "1e3", "9" * 20, "", " ", "5, 5", "007", "1 1", "\u0661", "9" * 500)
_SIZES = ("-1", "F" * 18, "7FFFFFFF", "0x5", "", " ", "g", "5 ", "5;" + "x" * 3000, "0" * 20 + "5")
_LINES = (
    *("X: a\nb", "X : y", " X: y", "X", ": y", "X: \x00", "X:\x0by", "X\t: y", "X: " + "y" * 70_000),
    *("Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity"),
    *("Transfer-Encoding: chunked, chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: xchunked"),
    *("Expect: 100-continue", "Expect: 200-ok", "Connection: close", "Connection: Upgrade, HTTP2-Settings"),
    *("Upgrade: h2c", "Upgrade: websocket", "Connection: keep-alive", "Host: a", "Host:", "TE: trailers"),
    *("Content-Length: 5", "Content-Length: 0", "Connection: " + "x," * 200, "Content-Encoding: gzip"),
)
_OFFER = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
)
"""What a right request may have as well: it is answered as if it had not."""
_GARBAGE = (
    b"",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(50),
    b"GET /ping\r\n\r\n",
    b"GET /ping HTTP/0.9\r\n\r\n",
    b"GET /ping HTTP/1.0\r\n\r\n",
    b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /ping HTTP/1.2\r\n\r\n",
    b"GET http://other/ping HTTP/1.1\r\nHost: other\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET  /ping  HTTP/1.1\r\n\r\n",
    b"GET /a b HTTP/1.1\r\n\r\n",
    b"GET /ping#f HTTP/1.1\r\n\r\n",
    b"GET /ping?\xe9 HTTP/1.1\r\n\r\n",
    b"GET /ping HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 12_000 + b"\r\n",
    b"GET /" + b"p" * 90_000 + b" HTTP/1.1\r\n\r\n",
    b"\x00" * 5000,
    b"POST",
    b"{}",
)


def whole(chance: Random, letter: Letter, number: int) -> list[bytes]:
    """The letter as correct HTTP/1.1, in one piece or several; its id is its number's."""
    head = _head(letter, number) + (_OFFER if chance.random() < 0.05 else b"")
    if chance.random() < 0.12:
        data = head + _CHUNKED + _chunks(chance, letter.body)
    else:
        data = head + f"Content-Length: {len(letter.body)}\r\n\r\n".encode() + letter.body
    if chance.random() < 0.95:
        return [data]
    cuts = sorted(chance.randrange(len(data)) for _ in range(chance.choice((1, 2, 10))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def broken(chance: Random, letter: Letter, number: int) -> list[bytes]:
    """Something that is no request, or not one that all would read alike, and maybe another after it."""
    if letter.method == "HEAD":  # nobody could tell which of the answers has no body
        letter = replace(letter, method="GET")
    head, body = _head(letter, number), letter.body
    sized = head + f"Content-Length: {len(body)}\r\n\r\n".encode()
    match chance.randrange(10):
        case 0:
            data = chance.choice(_GARBAGE)
        case 1:
            data = mangled(chance, sized) + body
        case 2:
            data = head + f"Content-Length: {chance.choice(_LENGTHS)}\r\n\r\n".encode() + body
        case 3:
            line = chance.choice(_LINES).encode("latin-1", "replace")
            data = head + line + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        case 4:
            size = chance.choice(_SIZES).encode()
            data = (
                head + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + body[:50] + b"\r\n0\r\n\r\n"
            )
        case 5:
            data = (
                head + b"Transfer-Encoding: chunked\r\n\r\n" + mangled(chance, _chunks(chance, body[:2000]))
            )
        case 6:
            data = (sized + body)[: chance.randrange(len(sized) + len(body) + 1)]
        case 7:
            data = sized.replace(b"\r\n", b"\n") + body
        case 8:
            data = sized + body[: len(body) // 2] + b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"
        case _:
            return [sized + body, *whole(chance, letter, number), chance.choice(_GARBAGE)]
    return [data]


def _head(letter: Letter, number: int) -> bytes:
    lines = [f"{letter.method} {letter.target} HTTP/1.1", f"Host: {HOST}", f"{ID}: {identity(number)}"]
    lines += [f"{name}: {value}" for name, value in letter.headers.items()]
    return "\r\n".join([*lines, ""]).encode("latin-1", "replace")


def identity(number: int) -> str:
    """The id of a case's requests, which their answers have to repeat."""
    return f"case-{number}"


def _chunks(chance: Random, body: bytes) -> bytes:
    parts, at = [], 0
    while at < len(body):
        size = chance.choice((1, 7, 100, 5000, 100_000)) if len(parts) < 40 else len(body)
        part = body[at : at + size]
        parts.append(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        at += size
    return b"".join(parts) + (b"0\r\nX-Trailer: a\r\n\r\n" if chance.random() < 0.1 else b"0\r\n\r\n")
