"""Requests that no client sends: what is refused, where the next one begins, and that JSON is answered."""

import contextlib
import http.client
import json
import math
import socket
import time

import pytest

from integrations.judge_service import reading
from integrations.judge_service.reading import MOST_BODY
from tests.integrations.judge_service.service import running


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service with an open rollout."""
    with running(tmp_path_factory.mktemp("judge") / "kept") as found:
        found.call("GET", "/argo/serving/good/abc")
        yield found


POST = "POST /argo HTTP/1.1\r\nContent-Length: 90\r\n\r\n"


def spoken(service, text):
    """The statuses of what is answered to these bytes, until the service hangs up; each answer is JSON."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", service.port))) as caller:
        caller.settimeout(30)
        caller.sendall(text.encode("latin-1"))
        found, stream = [], caller.makefile("rb")
        while line := stream.readline():
            headers = http.client.parse_headers(stream)
            assert headers["Content-Type"] == "application/json"
            json.loads(stream.read(int(headers["Content-Length"])))
            found.append(int(line.split()[1]))
        return found


class TestBounds:
    @pytest.mark.parametrize(
        ("body", "status"), [("{", 400), ("[]", 400), (b"\xff", 400), ('{"name": "good"}', 400)]
    )
    def test_a_body_that_makes_no_sense_is_refused(self, service, body, status):
        assert service.call("POST", "/flagger/rollout", body).status == status

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            (f"Content-Length: {MOST_BODY + 1}", 413),
            (f"Content-Length: {'9' * 5000}", 413),
            ("Content-Length: \u00b2", 400),
            ("Content-Length: +2", 400),
            ("Content-Length: -2", 400),
            ("Content-Length: 1_0", 400),
            ("Host: x", 411),
            ("Content-Length: 2\r\nContent-Length: 3", 411),
            ("Content-Length: 2\r\nTransfer-Encoding: chunked", 411),
            ("Transfer-Encoding: chunked", 411),
        ],
    )
    def test_a_body_without_one_length_that_it_may_have_is_not_read(self, service, told, status):
        assert spoken(service, f"POST /argo HTTP/1.1\r\n{told}\r\n\r\n") == [status]

    @pytest.mark.parametrize(
        ("head", "statuses"),
        [
            ("GET /healthz HTTP/1.1\r\n\r\n", [200, 200]),
            ("GET /healthz HTTP/1.1\r\nContent-Length: 0\r\n\r\n", [200, 200]),
            ("GET /healthz HTTP/1.1\r\nContent-Length: 40\r\n\r\n", [200]),
            ("GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", [200]),
            ("POST /argo HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", [400]),
            ("POST /argo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", [400, 200]),
            ("GET http://[ HTTP/1.1\r\n\r\n", [400, 200]),
            ("PUT /argo HTTP/1.1\r\n\r\n", [501]),
            ("GET /healthz HTTP/1.1\r\nX : y\r\nContent-Length: 40\r\n\r\n", [400]),
            ("GET /healthz HTTP/1.1\r\nX: y\r\n folded\r\nContent-Length: 40\r\n\r\n", [200]),
        ],
    )
    def test_what_follows_a_request_is_the_next_one_or_nothing(self, service, head, statuses):
        assert spoken(service, f"{head}GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n") == statuses

    def test_a_body_that_is_nested_too_deeply_is_refused(self, service):
        for path in ("/evidence/serving/good", "/flagger/rollout"):
            assert service.call("POST", path, "[" * 100_000).status == 400

    def test_a_request_that_comes_in_drops_is_not_waited_for(self, service, monkeypatch):
        monkeypatch.setattr(reading, "REQUEST_SECONDS", 0.5)
        monkeypatch.setattr(reading, "SOCKET_SECONDS", 0.4)
        for begun, answered in (("GET /healthz HTTP/1.1\r\nX: ", []), (POST, [408])):
            with contextlib.closing(socket.create_connection(("127.0.0.1", service.port))) as caller:
                caller.settimeout(10)
                caller.sendall(begun.encode())
                with contextlib.suppress(OSError):
                    for _ in range(50):
                        caller.sendall(b"x")
                        time.sleep(0.1)
                    raise AssertionError("it is still listened to")
            assert spoken(service, begun) == answered

    def test_a_fault_is_answered_as_json_and_told(self, service, monkeypatch, capsys):
        monkeypatch.setattr("integrations.judge_service.answers.Answer.record", lambda _: {"age": math.nan})
        told = service.call("GET", "/argo/serving/good/abc")
        assert (told.status, list(told.told)) == (500, ["error"])
        assert "ValueError" in capsys.readouterr().err
