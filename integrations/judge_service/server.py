"""The paths of the service. Every answer is JSON, because Argo takes a 2xx that is none for success.

GET  /argo/NAMESPACE/NAME/CHECKSUM      POST /argo {namespace, name, checksum}
POST /flagger/HOOK                      Flagger's payload; its `type` is the path
GET  /flagger/metric/api/v1/query       `slipway_judge_failed{…}`, for a MetricTemplate
POST /evidence/NAMESPACE/NAME[/CHECKSUM]
GET  /verdict/NAMESPACE/NAME/CHECKSUM   the same as Argo's, and opens nothing
GET  /healthz, /metrics
"""

import io
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.judge_service import metrics, reading
from integrations.judge_service.answers import flagger_status
from integrations.judge_service.keys import BadKey, key_of, name_of
from integrations.judge_service.reading import SOCKET_SECONDS, Refusal, Timely
from integrations.judge_service.rollout import EvidenceFull, NotOpen
from integrations.judge_service.rollouts import Rollouts, TooManyNames
from release.domain.judge_service import ARGO, EVIDENCE, FLAGGER, METRIC, VERDICT, Hook
from release.judge.verdict import Decision

MOST_CALLERS = 128
"""Connections at once; who comes then is not answered."""
JSON, TEXT = "application/json", "text/plain; version=0.0.4; charset=utf-8"
NOT_OPEN = (
    "no rollout that evidence counts for is open under this name: nobody asked, about this checksum last, "
    "or it failed. Nothing was kept"
)


Told = tuple[int, Any]
"""A status, and a JSON value or a text."""


class Server(ThreadingHTTPServer):
    """Listens, and has the rollouts. `clock` tells seconds since 1970."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], rollouts: Rollouts, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(address, Handler)
        self.rollouts, self.clock = rollouts, clock
        self._callers = threading.BoundedSemaphore(MOST_CALLERS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, unless there are too many."""
        if not self._callers.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._callers.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._callers.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what is wrong here; a caller that went away is not."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = SOCKET_SECONDS
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Read by the time that a request may take."""
        super().setup()
        self._came = Timely(self.connection)
        self.rfile = io.BufferedReader(self._came)

    def handle_one_request(self) -> None:
        """Read one and answer it."""
        self._came.begin()
        super().handle_one_request()

    def parse_request(self) -> bool:
        """Whether it is one. Python reads no header after a spoiled one; a proxy may know a body by it."""
        if not super().parse_request():
            return False
        if self.headers.defects:
            self.send_error(HTTPStatus.BAD_REQUEST, "a header is none")
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request for a path, as JSON too."""
        self.close_connection = True
        self._send(code, _encoded({"error": message or HTTPStatus(code).phrase}), JSON)

    def do_GET(self) -> None:
        """Answer a question."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Answer a hook or Argo's question, or take evidence."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: a line for each window would bury what matters."""

    @property
    def _serving(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def _answer(self, work: Callable[[str], Told]) -> None:
        try:
            status, told = work(self._path())
            data = _encoded(told)
        except Exception as error:  # whoever asked hears of it: no answer at all is a riddle
            status, told = _refused(error)
            data = _encoded(told)
        self._send(status, data, TEXT if isinstance(told, str) else JSON)

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _path(self) -> str:
        try:
            return urlsplit(self.path).path
        except ValueError:
            raise Refusal(400, "the path is none") from None

    def _get(self, path: str) -> Told:
        rollouts, now = self._serving.rollouts, self._serving.clock()
        # Bytes that follow a question are not the next one.
        self.close_connection = self.close_connection or reading.has_body(self.headers)
        match path.strip("/").split("/"):
            case ["healthz"]:
                missing = metrics.missing(rollouts)
                return 200, {"status": "ok"} | ({"evidence_missing": missing} if missing else {})
            case ["metrics"]:
                return 200, metrics.text(metrics.standing(rollouts, now), metrics.missing(rollouts))
            case ["argo", *parts]:
                return 200, rollouts.ask(key_of(*_three(parts)), now).record()
            case ["verdict", *parts]:
                return 200, rollouts.look(key_of(*_three(parts)), now).record()
            case ["flagger", "metric", "api", "v1", "query"]:
                query = parse_qs(urlsplit(self.path).query).get("query", [""])[0]
                return 200, metrics.queried(query, metrics.standing(rollouts, now), now)
        raise Refusal(404, f"there are {ARGO}, {VERDICT}, {METRIC}, /healthz and /metrics to get")

    def _post(self, path: str) -> Told:
        body, now = self._body(), self._serving.clock()
        match path.strip("/").split("/"):
            case ["argo"]:
                asked = _object(body)
                key = key_of(asked.get("namespace"), asked.get("name"), asked.get("checksum"))
                return 200, self._serving.rollouts.ask(key, now).record()
            case ["flagger", hook] if hook in set(Hook):
                return self._hook(Hook(hook), _object(body), now)
            case ["evidence", namespace, name]:
                return self._take(body, now, namespace, name, None)
            case ["evidence", namespace, name, checksum]:
                return self._take(body, now, namespace, name, checksum)
        raise Refusal(404, f"there are {ARGO}, {FLAGGER}/HOOK and {EVIDENCE} to post to")

    def _hook(self, hook: Hook, payload: Mapping[str, Any], now: float) -> Told:
        key = key_of(payload.get("namespace"), payload.get("name"), payload.get("checksum"))
        rollouts = self._serving.rollouts
        # Before the rollout begins Flagger sends the checksum of the one before.
        opens = hook not in (Hook.CONFIRM_ROLLOUT, Hook.POST_ROLLOUT, Hook.EVENT)
        found = rollouts.ask(key, now) if opens else rollouts.look(key, now)
        first = (
            hook is Hook.CONFIRM_TRAFFIC_INCREASE
            and found.decision is Decision.HOLD
            and (rollout := rollouts.taking(key.of, key.checksum)) is not None
            and rollout.first_increase()
        )
        return flagger_status(hook, found.decision, first), found.record()

    def _take(self, body: str, now: float, namespace: str, name: str, checksum: str | None) -> Told:
        rollouts = self._serving.rollouts
        of = name_of(namespace, name)
        rollout = rollouts.taking(of, checksum and key_of(*of, checksum).checksum)
        try:
            if rollout is None:
                raise NotOpen
            kept, passed_over = rollout.take(body, now)
        except NotOpen:
            return 202, {"kept": 0, "passed_over": None, "because": NOT_OPEN}
        except ValueError as error:
            raise Refusal(400, f"the body is no list of records: {error}") from None
        return 200, {"kept": kept, "passed_over": passed_over}

    def _body(self) -> str:
        """The body. Raises Refusal; whoever sends none that can be read is not listened to any more."""
        closes, self.close_connection = self.close_connection, True
        text = reading.body(self.rfile, reading.length(self.headers))
        self.close_connection = closes
        return text


def _encoded(told: Any) -> bytes:
    """As text or JSON. Raises ValueError for NaN, which is none: Argo would take it for success."""
    return (told if isinstance(told, str) else json.dumps(told, allow_nan=False)).encode()


def _refused(error: Exception) -> Told:
    match error:
        case Refusal():
            return error.status, {"error": str(error)}
        case BadKey():
            return 400, {"error": str(error)}
        case EvidenceFull() | TooManyNames():
            return 507, {"error": str(error)}
        case OSError():
            return 503, {"error": f"evidence cannot be read or kept: {error}"}
    traceback.print_exception(error)
    return 500, {"error": "this is a fault of the service, which its log tells"}


def _three(parts: list[str]) -> tuple[str, str, str]:
    if len(parts) != 3:
        raise Refusal(404, "NAMESPACE/NAME/CHECKSUM is wanted")
    return parts[0], parts[1], parts[2]


def _object(body: str) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise Refusal(400, "the body is no JSON object")
    return found
