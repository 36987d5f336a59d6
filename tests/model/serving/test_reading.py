"""Bytes into requests: HTTP/1.1 as senders write it, and everything bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.answers import Answer
from model.serving.application import Request
from model.serving.http.budget import Budget
from model.serving.http.reader import MAX_HEAD, Incoming, Reader
from tests.model.serving.asking import read

POST = (
    b"POST /invocations?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nContent-Length: 5\r\n\r\nhello"
)
CHUNKED = (
    b"POST /invocations HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3;note=x\r\nllo\r\n0\r\n\r\n"
)
PING = b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"


def _requests(found: list[Incoming]) -> list[Request]:
    assert all(isinstance(incoming.content, Request) for incoming in found), found
    return [incoming.content for incoming in found if isinstance(incoming.content, Request)]


def _refusal(found: list[Incoming]) -> int:
    [incoming] = found
    assert isinstance(incoming.content, Answer)
    assert not incoming.keep_alive
    return incoming.content.status


@pytest.mark.parametrize("pieces", [None, 1, 7])
def test_a_request(pieces: int | None) -> None:
    [request] = _requests(read(POST, pieces))
    assert (request.method, request.path, request.body) == ("POST", "/invocations", b"hello")
    assert request.headers["content-type"] == "text/csv"


@pytest.mark.parametrize("pieces", [None, 1, 7])
def test_a_chunked_request(pieces: int | None) -> None:
    assert [request.body for request in _requests(read(CHUNKED, pieces))] == [b"hello"]


@pytest.mark.parametrize("pieces", [None, 1, 50])
def test_several_at_once_stay_in_order(pieces: int | None) -> None:
    found = _requests(read(PING + POST + CHUNKED + PING, pieces))
    assert [(request.path, request.body) for request in found] == [
        ("/ping", b""),
        ("/invocations", b"hello"),
        ("/invocations", b"hello"),
        ("/ping", b""),
    ]


@pytest.mark.parametrize(
    ("data", "stays"),
    [
        (PING, True),
        (PING.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), False),
        (b"GET /ping HTTP/1.0\r\n\r\n", False),
        (b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
        (b"GET /ping HTTP/1.1\r\nHost: a\r\nProxy-Connection: keep-alive\r\n\r\n", True),
        (b"GET /ping HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", False),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", False),
    ],
    ids=["1.1", "close", "1.0", "1.0 keep-alive", "1.1 proxy", "1.0 proxy", "connect"],
)
def test_whether_the_connection_stays(data: bytes, stays: bool) -> None:
    [incoming] = read(data)
    assert isinstance(incoming.content, Request)
    assert incoming.keep_alive is stays


@pytest.mark.parametrize(
    "last",
    [
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        PING.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    ],
    ids=["connect", "close"],
)
def test_nothing_is_read_after_the_last_request(last: bytes) -> None:
    assert len([x for x in read(last + PING) if isinstance(x.content, Request)]) == 1


def test_head_has_no_body() -> None:
    [incoming] = read(PING.replace(b"GET", b"HEAD"))
    assert not incoming.with_body


def _post(length: int, sent: int) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length + b"x" * sent


def test_the_largest_body() -> None:
    [request] = _requests(read(_post(1000, 1000)))
    assert len(request.body) == 1000


@pytest.mark.parametrize("pieces", [None, 100])
def test_a_larger_body_is_read_and_dropped_before_the_answer(pieces: int | None) -> None:
    assert read(_post(1001, 900), pieces) == []
    assert _refusal(read(_post(1001, 1001), pieces)) == 413


def test_a_body_without_end_is_cut_off() -> None:
    assert _refusal(read(_post(10**12, 10_001))) == 413


def test_a_chunked_body_that_becomes_too_large() -> None:
    head, _, _ = CHUNKED.partition(b"2\r\n")
    assert _refusal(read(head + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", 100)) == 413


def test_who_asks_first_is_told_at_once() -> None:
    asked: list[str] = []
    found: list[Incoming] = []
    reader = Reader(1000, found.append, lambda: asked.append("go on"), lambda _headers: "id", Budget(10**9))
    ask = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    reader.feed(ask % 5)
    assert (asked, found) == (["go on"], [])
    reader.feed(b"hello")
    assert len(_requests(found)) == 1
    assert _refusal(read(ask % 1001)) == 413


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / http/1.1\r\nHost: a\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
    ids=["TLS", "version", "nonsense", "two framings", "two lengths", "negative", "huge", "chunk size"],
)
def test_what_is_no_http_is_refused(data: bytes) -> None:
    assert _refusal(read(data)) == 400


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /" + b"x" * (3 * MAX_HEAD),
        b"GET / HTTP/1.1\r\nHost: " + b"x" * (3 * MAX_HEAD),
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * MAX_HEAD,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * (3 * MAX_HEAD),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
        + b"A: b\r\n" * MAX_HEAD,
    ],
    ids=["target", "header", "headers", "chunk extension", "trailers"],
)
def test_a_head_without_end_is_cut_off(endless: bytes) -> None:
    assert _refusal(read(endless, 4096)) in (400, 431)


def test_chunks_of_one_byte_are_no_attack() -> None:
    head, _, _ = CHUNKED.partition(b"2\r\n")
    [request] = _requests(read(head + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n", 4096, max_body=20_000))
    assert len(request.body) == 20_000


@given(st.binary(max_size=300), st.integers(1, 20))
def test_any_bytes(data: bytes, pieces: int) -> None:
    for start in (b"", b"POST / HTTP/1.1\r\nHost: a\r\n", CHUNKED[:70]):
        found = read(start + data, pieces)
        assert all(isinstance(incoming.content, Answer | Request) for incoming in found)


def _large(size: int) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size


def test_large_bodies_are_held_within_the_budget() -> None:
    budget, found = Budget(250_000), []
    readers = [Reader(10**6, found.append, lambda: None, lambda _headers: "id", budget) for _ in range(3)]
    for reader in readers:
        reader.feed(_large(100_000))
    assert [isinstance(incoming.content, Request) for incoming in found] == [True, True, False]
    assert _refusal(found[2:]) == 503
    budget.give(100_000)  # one was answered
    later = Reader(10**6, found.append, lambda: None, lambda _headers: "id", budget)
    later.feed(_large(100_000))
    assert isinstance(found[-1].content, Request)
    assert not budget.take(50_001)
    assert budget.take(50_000)


@pytest.mark.parametrize("end", ["gone", "too large", "refused"])
def test_what_was_read_of_a_body_is_given_back(end: str) -> None:
    budget = Budget(150_000)
    reader = Reader(120_000, lambda _incoming: None, lambda: None, lambda _headers: "id", budget)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader.feed(head + b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
    assert not budget.take(50_001)
    if end == "gone":
        reader.release()
    elif end == "too large":
        reader.feed(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
    else:
        reader.refuse(408, "timeout", "")
    assert budget.take(150_000)


def test_small_bodies_need_no_budget() -> None:
    found: list[Incoming] = []
    Reader(10**6, found.append, lambda: None, lambda _headers: "id", Budget(0)).feed(_large(60_000))
    assert len(_requests(found)) == 1
