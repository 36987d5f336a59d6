"""Content-Encoding: gzip and deflate, bounded."""

import gzip
import tracemalloc
import zlib

import pytest

from model.serving.errors import RequestError
from model.serving.formats.compression import unpacked
from model.serving.predictor import Model
from tests.model.serving.asking import ask, error, scores
from tests.model.serving.examples import ROW, expected, instances

BODY = instances(ROW)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        (" GZIP ", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY, 1)),
        ("gzip", gzip.compress(BODY[:20]) + gzip.compress(b"") + gzip.compress(BODY[20:])),
        ("gzip", gzip.compress(BODY) + b"\0" * 100),
        ("deflate", zlib.compress(BODY)),
        ("identity", BODY),
        ("", BODY),
    ],
    ids=range(8),
)
def test_a_compressed_body(toys: Model, encoding: str, body: bytes) -> None:
    answer = ask(toys, body, content_encoding=encoding)
    assert scores(answer) == pytest.approx([expected(ROW)], abs=1e-6)
    assert "encoding" not in answer.headers.lower()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", BODY),
        ("gzip", b""),
        ("gzip", gzip.compress(BODY)[:-1]),
        ("gzip", gzip.compress(BODY)[:-5] + b"12345"),
        ("gzip", gzip.compress(BODY) + b"more"),
        ("deflate", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY) + zlib.compress(b"")),
        ("gzip", gzip.compress(b"") * 10_001),
    ],
    ids=range(8),
)
def test_a_damaged_body(toys: Model, encoding: str, body: bytes) -> None:
    fault = error(ask(toys, body, content_encoding=encoding))
    assert (fault["status"], fault["code"]) == (400, "invalid_encoding")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\xff"])
def test_an_unknown_encoding(toys: Model, encoding: str) -> None:
    fault = error(ask(toys, BODY, content_encoding=encoding))
    assert fault["status"] == 415
    assert "gzip" in fault["message"]


def test_a_bomb_is_given_up_at_the_limit(toys: Model) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000, 1)
    tracemalloc.start()
    fault = error(ask(toys, bomb, content_encoding="gzip"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (fault["status"], fault["code"]) == (413, "body_too_large")
    assert peak < 30_000_000


def test_the_limit_is_exact() -> None:
    body = gzip.compress(b"x" * 100)
    assert unpacked(body, "gzip", 100) == b"x" * 100
    with pytest.raises(RequestError, match="over 99 bytes"):
        unpacked(body, "gzip", 99)


def test_many_members_together_are_bounded() -> None:
    assert unpacked(gzip.compress(b"ab") * 50, "gzip", 100) == b"ab" * 50
    with pytest.raises(RequestError, match="over 99 bytes"):
        unpacked(gzip.compress(b"ab") * 50, "gzip", 99)
