"""One request into one answer: the routes, and the state that /ping tells. It knows no socket and no model.

It imports nothing heavy, so that the port answers while numpy and ONNX Runtime are still loading.

This is the one place that every answer passes: what is counted about requests is counted here.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple, Protocol

from model.serving.answers import Answer, fault_answer, refusal_answer, status_answer
from model.serving.errors import Fault, RequestError, refused

log = logging.getLogger(__name__)


class Request(NamedTuple):
    """A whole request. `path` is without the query; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class State(Enum):
    """What /ping says."""

    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"


class Predictor(Protocol):
    """What answers the invocations (`predictor.Model`)."""

    def predict(self, request: Request) -> Answer:
        """The scores of the request's rows. Raises RequestError."""
        ...


class Application:
    """The routes of SageMaker's contract. `respond` never raises; it may be called from several threads."""

    def __init__(self, everyone_ready: Callable[[], bool]) -> None:
        """`everyone_ready` says whether all processes that share the port are ready."""
        self.state = State.LOADING
        self._model: Predictor | None = None
        self._everyone_ready = everyone_ready

    def ready(self, model: Predictor) -> None:
        """From now on requests are answered by `model`."""
        self._model = model
        self.state = State.READY

    def respond(self, request: Request) -> Answer:
        """The answer to a request, whatever it holds."""
        try:
            return self._respond(request)
        except RequestError as error:
            return refusal_answer(error)
        except Exception as error:
            # A fault of the server. The exception's own text may hold the request's values: it stays out of
            # the log.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("%r %r: %s\n%s", request.method[:20], request.path[:80], type(error).__name__, where)
            return fault_answer(500, Fault("internal_error", "The server failed. The request may be right."))

    def _respond(self, request: Request) -> Answer:
        match request.path:
            case "/invocations":
                if request.method != "POST":
                    return _not_allowed("POST")
                if self._model is None:
                    return _unavailable("The model is still loading. Try again in a moment.")
                return self._model.predict(request)
            case "/ping":
                return self._ping() if request.method in ("GET", "HEAD") else _not_allowed("GET, HEAD")
            case _:
                raise refused("not_found", "There is GET /ping and POST /invocations.", 404)

    def _ping(self) -> Answer:
        state = self.state
        if state is State.READY and not self._everyone_ready():
            state = State.LOADING
        return status_answer(200 if state is State.READY else 503, state.value)


def _not_allowed(methods: str) -> Answer:
    fault = Fault("method_not_allowed", f"This path takes {methods}.")
    return fault_answer(405, fault, f"Allow: {methods}\r\n")


def _unavailable(message: str) -> Answer:
    return fault_answer(503, Fault("unavailable", message), "Retry-After: 1\r\n")
