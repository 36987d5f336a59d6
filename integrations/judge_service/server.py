"""The paths of the service. Every answer is JSON, because Argo takes a 2xx that is none for success.

GET  /argo/NAMESPACE/NAME/CHECKSUM      POST /argo {namespace, name, checksum}
POST /flagger/HOOK                      Flagger's payload; its `type` is the path
GET  /flagger/metric/api/v1/query       `slipway_judge_failed{…}`, for a MetricTemplate
POST /evidence/NAMESPACE/NAME[/CHECKSUM]
GET  /verdict/NAMESPACE/NAME/CHECKSUM   the same as Argo's, and opens nothing
GET  /healthz, /metrics
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.judge_service import metrics
from integrations.judge_service.answers import flagger_status
from integrations.judge_service.keys import BadKey, key_of, name_of
from integrations.judge_service.rollout import EvidenceFull, NotOpen
from integrations.judge_service.rollouts import Rollouts, TooManyNames
from release.domain.judge_service import ARGO, EVIDENCE, FLAGGER, METRIC, VERDICT, Hook
from release.judge.verdict import Decision

MOST_BODY = 8 * 2**20
"""Bytes of a body."""
SOCKET_SECONDS = 10.0
"""How long a caller may be silent in the middle of a request, or between two."""
BODY_SECONDS = 30.0
"""How long a whole body may take."""
MOST_CALLERS = 128
"""Connections at once; who comes then is not answered."""
JSON, TEXT = "application/json", "text/plain; version=0.0.4; charset=utf-8"
NOT_OPEN = (
    "no rollout that evidence counts for is open under this name: nobody asked, about this checksum last, "
    "or it failed. Nothing was kept"
)


class Refusal(Exception):
    """A request that is not answered with a verdict: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


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
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._callers.release()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = SOCKET_SECONDS
    disable_nagle_algorithm = True

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
            status, told = work(urlsplit(self.path).path)
        except Refusal as refusal:
            status, told = refusal.status, {"error": str(refusal)}
        except BadKey as error:
            status, told = 400, {"error": str(error)}
        except (EvidenceFull, TooManyNames) as error:
            status, told = 507, {"error": str(error)}
        except OSError as error:
            self.close_connection = True
            status, told = 503, {"error": f"evidence cannot be read or kept: {error}"}
        body = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", TEXT if isinstance(told, str) else JSON)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _get(self, path: str) -> Told:
        rollouts, now = self._serving.rollouts, self._serving.clock()
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
        """The body. Raises Refusal; whoever sends too much is not listened to any more."""
        self.close_connection = True
        told = self.headers.get("Content-Length", "")
        if not told.isdigit():
            raise Refusal(411, "a body with its Content-Length is wanted")
        if int(told) > MOST_BODY:
            raise Refusal(413, f"a body has at most {MOST_BODY:,} bytes")
        data = self._read(int(told))
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise Refusal(400, "the body is no UTF-8") from None
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        return text

    def _read(self, size: int) -> bytes:
        """So many bytes. Raises Refusal where they do not come, or come too slowly."""
        data, until = bytearray(), time.monotonic() + BODY_SECONDS
        while len(data) < size:
            if time.monotonic() > until:
                raise Refusal(408, f"the body did not come within {BODY_SECONDS:g} s")
            part = self.rfile.read1(size - len(data))
            if not part:
                raise Refusal(400, "the body ended before its Content-Length")
            data += part
        return bytes(data)


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
