"""What senders write around a request: offers, absolute targets, Host, versions, long heads."""

import json

import pytest

from model.serving.answers import Answer
from model.serving.application import Request
from model.serving.http.reader import MAX_HEAD, Incoming
from tests.model.serving.asking import read

# what Java's HttpClient and `curl --http2` send
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
LENGTH = b"Content-Length: 5\r\n\r\nhello"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;note=x\r\nllo\r\n0\r\n\r\n"
PING = b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"
PATHS = ["/invocations", "/ping", "/v2/models/toys/infer", "/metrics", "/", "/nowhere?x=1"]


def _head(path: str, offer: bytes = H2C) -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n%b" % (path.encode(), offer)


def _requests(found: list[Incoming]) -> list[Request]:
    assert all(isinstance(incoming.content, Request) for incoming in found), found
    return [incoming.content for incoming in found if isinstance(incoming.content, Request)]


def _refusal(found: list[Incoming]) -> tuple[int, str]:
    [incoming] = found
    assert isinstance(incoming.content, Answer), incoming
    assert not incoming.keep_alive
    return incoming.content.status, json.loads(incoming.content.body)["error"]["message"]


@pytest.mark.parametrize("pieces", [None, 1, 50])
@pytest.mark.parametrize("body", [LENGTH, CHUNKS], ids=["length", "chunked"])
@pytest.mark.parametrize("path", PATHS)
def test_an_offer_of_http2_keeps_its_body(path: str, body: bytes, pieces: int | None) -> None:
    found = read(_head(path) + body + PING, pieces)
    posted, ping = _requests(found)
    assert (posted.method, posted.path, posted.body) == ("POST", path.partition("?")[0], b"hello")
    assert posted.headers["content-type"] == "text/csv"
    assert ping.path == "/ping"
    assert all(incoming.keep_alive for incoming in found)


OFFERS = [
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"Upgrade: h2c\r\nConnection: keep-alive, Upgrade\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n",
    b"Connection: Upgrade\r\nUpgrade: HTTP/2.0, SHTTP/1.3, IRC/6.9\r\n",
    b"connection: upgrade\r\nupgrade: TLS/1.2\r\n",
    b"Connection: Upgrade\r\nConnection: HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n",
    b"Upgrade: h2c\r\n",
    b"Connection: Upgrade\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\nExpect: nothing\r\n",
]


@pytest.mark.parametrize("body", [LENGTH, CHUNKS], ids=["length", "chunked"])
@pytest.mark.parametrize("offer", OFFERS, ids=range(len(OFFERS)))
def test_any_offer_is_declined_by_answering(offer: bytes, body: bytes) -> None:
    posted, ping = _requests(read(_head("/invocations", offer) + body + PING))
    assert (posted.body, ping.path) == (b"hello", "/ping")


def test_many_offers_on_one_connection() -> None:
    one = _head("/invocations") + LENGTH + b"GET /ping HTTP/1.1\r\nHost: a\r\n" + H2C + b"\r\n"
    assert [request.body for request in _requests(read(one * 200))] == [b"hello", b""] * 200


def test_an_offer_that_closes_is_the_last() -> None:
    closing = H2C.replace(b"Connection: ", b"Connection: close, ")
    [incoming] = read(_head("/invocations", closing) + LENGTH)
    assert not incoming.keep_alive


def test_an_offer_with_a_body_that_is_too_large() -> None:
    assert _refusal(read(_head("/invocations") + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001))[0] == 413


def test_an_offer_with_half_a_body_is_not_whole() -> None:
    assert read(_head("/invocations") + LENGTH[:-1]) == []


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("http://a/ping", "/ping", ""),
        ("http://a:8080/ping?x=1&y", "/ping", "x=1&y"),
        ("HTTP://A/ping", "/ping", ""),
        ("https://user@a.b:1/v2/models", "/v2/models", ""),
        ("http://[::1]:8080/invocations", "/invocations", ""),
        ("http://a", "/", ""),
        ("http://a?x=/y", "/", "x=/y"),
        ("http://a/http://b/ping", "/http://b/ping", ""),
        ("/http://b/ping", "/http://b/ping", ""),
        ("/ping?to=http://b/", "/ping", "to=http://b/"),
        ("//a/ping", "//a/ping", ""),
    ],
)
def test_a_target_may_be_absolute(target: str, path: str, query: str) -> None:
    [request] = _requests(read(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()))
    assert (request.path, request.query) == (path, query)


@pytest.mark.parametrize("path", ["http://a/v2/models/x/infer", "/v2/models/x/infer"])
def test_a_refusal_under_v2_is_the_protocols_own(path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"
    [incoming] = read(head.encode() + b"x" * 2000)
    assert isinstance(incoming.content, Answer)
    assert isinstance(json.loads(incoming.content.body)["error"], str)


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"GET /ping HTTP/1.1\r\n\r\n", "no Host"),
        (b"GET http://a/ping HTTP/1.1\r\n\r\n", "no Host"),
        (b"POST /invocations HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "no Host"),
        (b"GET /ping HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", "no Host"),
        (b"GET /ping HTTP/1.1\r\nX-Host: a\r\n\r\n", "no Host"),
        (b"GET /ping HTTP/1.1\r\n" + H2C + b"\r\n", "no Host"),
        (b"GET /ping HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "two Host"),
        (b"GET /ping HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "two Host"),
        (b"GET /ping HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "two Host"),
        (b"POST /invocations HTTP/1.1\r\nHost: a\r\n" + H2C + b"HOST: b\r\n" + LENGTH, "two Host"),
    ],
    ids=range(10),
)
def test_host_is_there_once(head: bytes, part: str) -> None:
    status, message = _refusal(read(head))
    assert status == 400
    assert part in message


@pytest.mark.parametrize("head", [b"GET /ping HTTP/1.0\r\n\r\n", b"GET /ping HTTP/1.1\r\nHost:\r\n\r\n"])
def test_host_may_be_empty_and_http_1_0_has_none(head: bytes) -> None:
    assert len(_requests(read(head))) == 1


@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0", "2.1", "3.0", "9.9", "0.0"])
@pytest.mark.parametrize("more", ["", "Connection: keep-alive\r\n", "Proxy-Connection: keep-alive\r\n"])
def test_another_version_is_refused(version: str, more: str) -> None:
    status, message = _refusal(read(f"GET /ping HTTP/{version}\r\nHost: a\r\n{more}\r\n".encode()))
    assert status == 505
    assert "HTTP/1.1" in message


def test_http2_without_asking_is_refused() -> None:
    assert _refusal(read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"))[0] == 505


@pytest.mark.parametrize("text", ["HTTP/3", "HTTP/1", "HTTP/11", "HTTPS/1.1", "SIP/2.0", "HTTP/1.1x"])
def test_what_is_no_version_is_no_http(text: str) -> None:
    assert _refusal(read(f"GET /ping {text}\r\nHost: a\r\n\r\n".encode()))[0] in (400, 505)


def _of(size: int, kind: str) -> bytes:
    """A whole request whose line and headers have `size` bytes."""
    line, host, end = b"GET /%b HTTP/1.1\r\n", b"Host: a\r\n", b"\r\n"
    room = size - len(line) + 2 - len(host) - len(end)
    match kind:
        case "target":
            return line % (b"x" * room) + host + end
        case "header":
            return line % b"" + host + b"A: " + b"x" * (room - 5) + b"\r\n" + end
        case "different":
            values = b"".join(b"A: %07d\r\n" % number for number in range((room - 100) // 12))
            return line % b"" + host + values + b"B: " + b"x" * (room - len(values) - 5) + b"\r\n" + end
        case "repeated":
            count, left = divmod(room - 10, 6)
            return line % b"" + host + b"A: b\r\n" * count + b"Bb: " + b"x" * (left + 4) + b"\r\n" + end
        case _:
            numbered = b"".join(b"A%07d: \r\n" % number for number in range((room - 100) // 12))
            return line % b"" + host + numbered + b"B: " + b"x" * (room - len(numbered) - 5) + b"\r\n" + end


@pytest.mark.parametrize("pieces", [None, 1000, 70_000])
@pytest.mark.parametrize("kind", ["target", "header", "repeated", "different", "many"])
def test_a_head_has_at_most_64_kib_however_it_arrives(kind: str, pieces: int | None) -> None:
    for before in (b"", PING * 3000):
        assert len(_of(MAX_HEAD, kind)) == MAX_HEAD
        *_, last = read(before + _of(MAX_HEAD, kind) + PING, pieces)
        assert isinstance(last.content, Request)
        *_, last = read(before + _of(MAX_HEAD + 1, kind), pieces)
        assert isinstance(last.content, Answer)
        assert last.content.status == 431


def test_a_header_that_comes_twice_is_a_list() -> None:
    thrice = b"X: a\r\nx: b\r\nX: a\r\nX: c, d\r\n"
    [request] = _requests(read(b"GET / HTTP/1.1\r\nHost: a\r\n" + thrice + b"\r\n"))
    assert request.headers["x"] == "a, b, c, d"
    twice = b"Accept: text/csv\r\nAccept: application/json\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n"
    [request] = _requests(read(b"GET / HTTP/1.1\r\nHost: a\r\n" + twice + b"\r\n"))
    assert request.headers["accept"] == "text/csv, application/json"
    assert request.headers["content-type"] == "a/b"


def test_trailers_change_no_header() -> None:
    body = CHUNKS[:-2] + b"Content-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n"
    [request] = _requests(read(_head("/invocations", b"") + body))
    assert request.body == b"hello"
    assert request.headers["content-type"] == "text/csv"
    assert "content-encoding" not in request.headers
