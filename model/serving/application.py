"""One request into one answer: the routes, and the state that /ping tells. It knows no socket and no model.

It imports nothing heavy, so that the port answers while numpy and ONNX Runtime are still loading.

A request for scores becomes a job, so that jobs that arrived together can be scored together; every other
request is answered at once.
"""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from model.serving.answers import Answer, fault_answer, refusal_answer, status_answer
from model.serving.errors import Fault, RequestError, refused
from model.serving.formats.compression import unpacked
from model.serving.formats.other_bodies import told_apart
from model.serving.settings import REAL_TIME_MEGABYTES

log = logging.getLogger(__name__)
_ENCODING = "content-encoding"


class Request(NamedTuple):
    """A whole request. `path` is without the query; header names are in lower case; `received` is the
    monotonic time in seconds (time.perf_counter) at which it was whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    id: str = ""
    received: float = 0.0


class Table(Protocol):
    """Rows to score (`models/columns.py`)."""

    @property
    def count(self) -> int:
        """How many."""
        ...


class Scorer(Protocol):
    """What scores tables (`models/scorer.py`)."""

    def score_all(self, tables: Sequence[Any]) -> list[list[Any]]:
        """For each table the scores of its rows: numbers, or for each row a list of one for each class."""
        ...


class Job(NamedTuple):
    """A request whose rows wait for their scores. `answer` makes its answer of them; it raises nothing."""

    scorer: Scorer
    table: Table
    answer: Callable[[list[Any]], Answer]
    request: Request


class State(Enum):
    """What /ping says."""

    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"


class Predictor(Protocol):
    """What answers the invocations (`predictor.py`)."""

    def prepare(self, request: Request) -> Job | Answer:
        """The request's rows as a job. Raises RequestError."""
        ...


Handler = Callable[[Request], Answer | Job]
"""What answers a path. Raises RequestError."""


class Application:
    """The routes. Nothing here raises for a request; all may be called from several threads.

    `/ping` and `/invocations` are SageMaker's; other paths have handlers. A handler's path that ends in a
    slash stands for all paths below it, and for itself without the slash; "/" is just that path. Those
    that stand for none below them may be asked for with a slash at their end.
    """

    def __init__(
        self,
        everyone_ready: Callable[[], bool],
        handlers: Mapping[str, Handler] | None = None,
        max_body: int = REAL_TIME_MEGABYTES * 1024 * 1024,
    ) -> None:
        """`everyone_ready` says whether all processes that share the port are ready; `handlers` answer
        from the start; a body may unpack to `max_body` bytes."""
        self.state = State.LOADING
        self._model: Predictor | None = None
        self._everyone_ready = everyone_ready
        self._handlers = dict(handlers or {})
        self._max_body = max_body

    def ready(self, model: Predictor, handlers: Mapping[str, Handler] | None = None) -> None:
        """From now on invocations are answered by `model`, other paths by `handlers` too."""
        self._model = model
        self._handlers |= handlers or {}
        self.state = State.READY

    @property
    def is_ready(self) -> bool:
        """Whether this process and all that share its port answer invocations, and go on doing so."""
        return self.state is State.READY and self._everyone_ready()

    def begin(self, request: Request) -> Answer | Job:
        """The answer to a request, whatever it holds, or the job that leads to it."""
        try:
            return self._route(self._plain(request) if _ENCODING in request.headers else request)
        except RequestError as error:
            return refusal_answer(told_apart(error, request.body, request.headers), request.path)
        except Exception as error:
            return _failed(request, error)

    def finish(self, jobs: Sequence[Job]) -> list[Answer]:
        """An answer for each job, in order; neighbours of one scorer are scored together."""
        answers: list[Answer] = []
        group: list[Job] = []
        for job in jobs:
            if group and job.scorer is not group[0].scorer:
                answers += _scored(group)
                group = []
            group.append(job)
        return answers + _scored(group)

    def respond(self, request: Request) -> Answer:
        """The answer to a request, whatever it holds, scored by itself."""
        begun = self.begin(request)
        return begun if isinstance(begun, Answer) else self.finish([begun])[0]

    def _route(self, request: Request) -> Answer | Job:
        path = request.path
        if path == "/invocations":
            if request.method != "POST":
                return _not_allowed("POST")
            if self._model is None:
                return _unavailable("The model is still loading. Try again in a moment.")
            return self._model.prepare(request)
        if path == "/ping":
            return self._ping() if request.method in ("GET", "HEAD") else _not_allowed("GET, HEAD")
        if handler := self._handlers.get(path) or self._above(path):
            return handler(request)
        if path.endswith("/") and (bare := path[:-1]) and not bare.endswith("/"):
            return self._route(request._replace(path=bare))
        known = ["/invocations", "/ping", *self._handlers]
        raise refused("not_found", f"There is no such path. There is {', '.join(sorted(known))}.", 404)

    def _plain(self, request: Request) -> Request:
        """The request with its body unpacked."""
        headers = dict(request.headers)
        body = unpacked(request.body, headers.pop(_ENCODING), self._max_body)
        return request._replace(headers=headers, body=body)

    def _above(self, path: str) -> Handler | None:
        for above, handler in self._handlers.items():
            if above.endswith("/") and len(above) > 1 and f"{path}/".startswith(above):
                return handler
        return None

    def _ping(self) -> Answer:
        state = self.state
        if state is State.READY and not self.is_ready:
            state = State.LOADING
        return status_answer(200 if state is State.READY else 503, state.value)


def _scored(jobs: list[Job]) -> list[Answer]:
    try:
        scores = jobs[0].scorer.score_all([job.table for job in jobs])
        return [job.answer(found) for job, found in zip(jobs, scores, strict=True)]
    except Exception as error:
        if len(jobs) == 1:
            return [_failed(jobs[0].request, error)]
    # one of them cannot be answered: the others can
    return [answer for job in jobs for answer in _scored([job])]


def _failed(request: Request, error: Exception) -> Answer:
    """A fault of the server. The exception's own text may hold the request's values: not for the log."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error(
        "%s %r %r: %s\n%s", request.id, request.method[:20], request.path[:80], type(error).__name__, where
    )
    fault = Fault("internal_error", "The server failed. The request may be right.")
    return fault_answer(500, fault, path=request.path)


def _not_allowed(methods: str) -> Answer:
    fault = Fault("method_not_allowed", f"This path takes {methods}.")
    return fault_answer(405, fault, f"Allow: {methods}\r\n")


def _unavailable(message: str) -> Answer:
    return fault_answer(503, Fault("unavailable", message), "Retry-After: 1\r\n")
