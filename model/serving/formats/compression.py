"""Content-Encoding: a compressed body into a plain one that is no longer than any other may be.

It is unpacked piece by piece and given up at the limit: a small body that unpacks to gigabytes costs no more
than a large one.
"""

import zlib

from model.serving.errors import refused

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""zlib's wbits: what it expects around the compressed data."""
_PIECE = 16 * 1024
_MAX_MEMBERS = 10_000
"""Gzip members in one body: each costs the server far more than the 20 bytes that it costs the sender."""
_SHOWN = 60


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """`body` without its Content-Encoding `encoding`; gzip may have several members.

    Raises RequestError 413 when that has more than `limit` bytes, 400 when it is damaged, 415 for an unknown
    encoding.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in _WINDOWS:
        raise refused(
            "unsupported_encoding",
            f"Content-Encoding {encoding[:_SHOWN]!a} is not supported. Send the body as it is, in gzip or in"
            " deflate.",
            415,
        )
    try:
        return _unpacked(body, name, limit)
    except zlib.error as error:
        raise _damaged(name) from error


def _unpacked(body: bytes, name: str, limit: int) -> bytes:
    parts: list[bytes] = []
    left, members = limit, 1
    stream = zlib.decompressobj(_WINDOWS[name])
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        while piece:
            if stream.eof:
                piece = piece.lstrip(b"\0")  # padding
                if not piece:
                    break
                members += 1
                if members > _MAX_MEMBERS or name == "deflate":
                    raise _damaged(name)
                stream = zlib.decompressobj(_WINDOWS[name])
            part = stream.decompress(piece, left + 1)
            left -= len(part)
            if left < 0:
                raise refused("body_too_large", f"Unpacked, the body is over {limit} bytes.", 413)
            parts.append(part)
            piece = stream.unused_data
    if not stream.eof:
        raise _damaged(name)
    return b"".join(parts)


def _damaged(name: str) -> Exception:
    return refused("invalid_encoding", f"The body is damaged, or not compressed in {name}.")
