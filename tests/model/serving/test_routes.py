"""The routes, the states, and that a fault of the server stays one answer."""

import json
import logging

import pytest

from model.serving.answers import Answer, on_the_wire
from model.serving.application import Application, Request, State
from model.serving.predictor import Model
from tests.model.serving.examples import ROW, instances

PING = Request("GET", "/ping", {}, b"")
SCORE = Request("POST", "/invocations", {}, instances(ROW))


def _error(answer: Answer) -> dict:
    return json.loads(answer.body)["error"]


def test_loading_then_ready_then_draining(toys: Model) -> None:
    application = Application(lambda: True)
    assert (application.respond(PING).status, application.respond(PING).body) == (
        503,
        b'{"status":"loading"}',
    )
    loading = application.respond(SCORE)
    assert (loading.status, loading.headers) == (503, "Retry-After: 1\r\n")
    application.ready(toys)
    assert application.respond(PING).status == 200
    assert application.respond(SCORE).status == 200
    application.state = State.DRAINING
    assert application.respond(PING).status == 503
    assert application.respond(SCORE).status == 200


def test_ping_waits_for_the_other_workers(toys: Model) -> None:
    others = {"ready": False}
    application = Application(lambda: others["ready"])
    application.ready(toys)
    assert application.respond(PING).status == 503
    others["ready"] = True
    assert application.respond(PING).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/ping", 200),
        ("POST", "/ping", 405),
        ("GET", "/invocations", 405),
        ("DELETE", "/invocations", 405),
        ("GET", "/", 404),
        ("POST", "/invocations/", 404),
        ("GET", "/../ping", 404),
        ("GET", "http://a/ping", 404),
    ],
)
def test_routes(toys: Model, method: str, path: str, status: int) -> None:
    application = Application(lambda: True)
    application.ready(toys)
    answer = application.respond(Request(method, path, {}, b""))
    assert answer.status == status
    if status == 405:
        assert answer.headers.startswith("Allow: ")


def test_a_fault_of_the_server_is_answered_and_logged_without_values(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        def prepare(self, request: Request) -> Answer:
            raise RuntimeError(f"cannot take {request.body!r}")

    application = Application(lambda: True)
    application.ready(Broken())
    with caplog.at_level(logging.ERROR):
        answer = application.respond(SCORE._replace(body=b"secret"))
    assert (answer.status, _error(answer)["code"]) == (500, "internal_error")
    assert "RuntimeError" in caplog.text
    assert "in prepare" in caplog.text
    assert "secret" not in caplog.text


def test_on_the_wire() -> None:
    answer = Answer(405, "application/json", b"{}", "Allow: GET\r\n")
    head = b"HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json\r\nAllow: GET\r\n"
    end = b"X-Request-Id: a-1\r\nContent-Length: 2\r\n\r\n"
    assert on_the_wire(answer, "a-1", close=False) == head + end + b"{}"
    closing = head + b"Connection: close\r\n" + end
    assert on_the_wire(answer, "a-1", close=True, with_body=False) == closing
