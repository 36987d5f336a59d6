"""What is around a body: method, query, headers, content encoding. Right ones, and any others. Pure."""

import gzip
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from bench.serving.fuzz.draft import Draft
from bench.serving.fuzz.mangling import mangled
from bench.serving.fuzz.tables import MEDIA

_TYPES = (
    *("application/json", "text/csv", "application/jsonlines", "application/x-npy", *MEDIA.values()),
    *("text/csv; charset=latin-1", "application/json; charset=utf-16", "text/csv;header=present", ""),
    *("application/octet-stream", "*/*", "json", "APPLICATION/JSON", "a" * 5000, ";;;", "text/plain"),
    *("multipart/form-data; boundary=x", 'application/json; charset="utf-8"', "text/csv; charset=", "\xff"),
)
_ACCEPTS = (*_TYPES[: 4 + len(MEDIA)], "*/*")
_ODD_ACCEPTS = (
    *("image/png", "", ",", "*/*;q=0", "text/csv;q=nan, application/json;q=inf", "text/*", "a/b,c/d" * 200),
    *("application/json;q=0, */*;q=0.1", "application/json;q=2", "text/csv;q=-1", "*", "\xe9"),
    "text/csv" + ";q=1" * 500,
)
_ENCODINGS = ("br", "gzip, gzip", "GZIP", " gzip ", "identity", "", "x-gzip", "deflate, gzip", "a" * 4000)
_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_ODD_ATTRIBUTES = ("invalid-rows=maybe", "invalid-rows", "invalid-rows=null;invalid-rows=refuse", "=")
_MORE = (
    ("X-Amzn-SageMaker-Inference-Id", "i" * 2000),
    ("X-Amzn-SageMaker-Inference-Id", "caf\xe9\x85"),
    ("Accept-Encoding", "gzip"),
    ("Origin", "null"),
    ("Range", "bytes=0-1"),
    ("Authorization", "Bearer x"),
    ("Cookie", "a=b"),
    ("Forwarded", "for=1"),
    ("Traceparent", "00-0-0-0"),
)
_QUERIES = ("?", "?a=b", "?%00", "?" + "q" * 3000, "?a=%ff&a", "?%E9", "?a?b/c")
_METHODS = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")
BOMB_BYTES = 50_000_000


@dataclass(frozen=True)
class Letter:
    """A request that is not on the wire yet. `rows` as in a Draft."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    rows: int | None


def enveloped(chance: Random, draft: Draft) -> Letter:
    """The draft in a request: most often as its format wants it."""
    letter = Letter("POST", draft.path, dict(draft.headers), draft.content, draft.rows)
    if chance.random() < 0.1:
        letter.headers["Content-Type"] = chance.choice(_TYPES)
        letter = replace(letter, rows=None)
    letter = _accepting(chance, letter)
    letter = _encoded(chance, letter)
    if chance.random() < 0.15:
        letter.headers[_ATTRIBUTES] = "invalid-rows=null"
    elif chance.random() < 0.05:
        letter.headers[_ATTRIBUTES] = chance.choice(_ODD_ATTRIBUTES)
        letter = replace(letter, rows=None)
    if chance.random() < 0.05:
        name, value = chance.choice(_MORE)
        letter.headers[name] = value
    if chance.random() < 0.05:
        letter = replace(letter, target=letter.target + chance.choice(_QUERIES))
    if chance.random() < 0.02:
        letter = replace(letter, method=chance.choice(_METHODS), rows=None)
    return letter


def _accepting(chance: Random, letter: Letter) -> Letter:
    if chance.random() < 0.35:
        letter.headers["Accept"] = chance.choice(_ACCEPTS)
    elif chance.random() < 0.1:
        letter.headers["Accept"] = chance.choice(_ODD_ACCEPTS)
        return replace(letter, rows=None)
    return letter


def _encoded(chance: Random, letter: Letter) -> Letter:
    """Sometimes compressed, rightly or not, or a bomb."""
    drawn = chance.random()
    if drawn > 0.12:
        return letter
    if drawn > 0.04:
        name = chance.choice(("gzip", "deflate"))
        letter.headers["Content-Encoding"] = name
        pack = _gzip if name == "gzip" else zlib.compress
        return replace(letter, body=pack(letter.body))
    letter.headers["Content-Encoding"] = chance.choice(("gzip", "deflate", *_ENCODINGS))
    if drawn < 0.002:
        body = bomb()
    elif drawn < 0.01:
        body = _gzip(b"") * chance.choice((2, 500, 10_500))
    else:
        body = mangled(chance, _gzip(letter.body))
    return replace(letter, body=body, rows=None)


def _gzip(body: bytes) -> bytes:
    # without the time, so that a case is the same again
    return gzip.compress(body, 1, mtime=0)


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A gzip of some 50 kB that unpacks to BOMB_BYTES."""
    pack = zlib.compressobj(9, wbits=31)
    zeros = bytes(1_000_000)
    return b"".join(pack.compress(zeros) for _ in range(BOMB_BYTES // len(zeros))) + pack.flush()
