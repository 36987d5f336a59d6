"""The routes, the states, and that a fault of the server stays one answer."""

import json
import logging

import pytest

from model.serving.answers import Answer, on_the_wire
from model.serving.application import Application, Request, State
from model.serving.predictor import Model
from model.serving.settings import BATCH_MEGABYTES
from model.serving.telemetry.counts import place
from model.serving.transform import execution_parameters
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
        ("POST", "/invocations/", 400),
        ("POST", "/invocations//", 404),
        ("POST", "//invocations", 404),
        ("POST", "/invocations" + "/" * 60_000, 404),
        ("POST", "/invocations/x", 404),
        ("GET", "/invocations/", 405),
        ("GET", "/ping/", 200),
        ("HEAD", "/ping/", 200),
        ("POST", "/ping/", 405),
        ("GET", "/ping//", 404),
        ("GET", "//", 404),
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


def test_a_slash_at_the_end_changes_nothing(toys: Model) -> None:
    application = Application(lambda: True, {"/metrics": lambda _request: Answer(200, "text/plain", b"")})
    application.ready(toys)
    assert application.respond(SCORE._replace(path="/invocations/")) == application.respond(SCORE)
    assert application.respond(PING._replace(path="/ping/")) == application.respond(PING)
    assert application.respond(PING._replace(path="/metrics/")).status == 200
    for path in ("/invocations", "/ping", "/metrics"):
        for method in ("GET", "POST"):
            asked = Request(method, path, {}, b"")
            assert place(asked) == place(asked._replace(path=f"{path}/")), path


@pytest.mark.parametrize(
    ("workers", "megabytes", "at_once"),
    [(1, 6, 1), (4, 6, 4), (16, 6, 16), (17, 6, 16), (4, 50, 2), (4, 100, 1), (256, 1, 100)],
)
def test_execution_parameters(workers: int, megabytes: int, at_once: int) -> None:
    """SageMaker refuses more than 100 MB for all requests at once."""
    handle = execution_parameters(workers, megabytes * 1024 * 1024)
    answer = handle(Request("GET", "/execution-parameters", {}, b""))
    assert (answer.status, answer.media) == (200, "application/json")
    assert json.loads(answer.body) == {
        "MaxConcurrentTransforms": at_once,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": megabytes,
    }
    assert at_once * megabytes <= BATCH_MEGABYTES
    assert handle(Request("POST", "/execution-parameters", {}, b"")).status == 405
