"""What is answered before a model is loaded, and the protocol's form of an error.

It imports nothing heavy, so that it answers while numpy and ONNX Runtime are still loading.
"""

from typing import Any

import msgspec

from model.serving.answers import Answer, fault_answer
from model.serving.application import Request
from model.serving.errors import Fault, RequestError

JSON = "application/json"
ROOT = "/v2"
LIVE = "/v2/health/live"
READY = "/v2/health/ready"
WITH_A_MODEL = ("/v2/", "/openapi.json", "/", "/docs")
"""Paths that `loading` answers until a model is loaded."""


def document(value: Any, status: int = 200, headers: str = "") -> Answer:
    """`value` as JSON."""
    return Answer(status, JSON, msgspec.json.encode(value), headers)


def refusal(error: RequestError, headers: str = "") -> Answer:
    """An error as the protocol has it."""
    return fault_answer(error.status, error.fault, headers, ROOT)


def not_allowed(methods: str) -> Answer:
    """405."""
    fault = Fault("method_not_allowed", f"This path takes {methods}.")
    return refusal(RequestError(405, fault), f"Allow: {methods}\r\n")


def loading(request: Request) -> Answer:
    """The answer to requests that need a model, while none is loaded: alive, and not ready."""
    if request.path in (LIVE, READY):
        return health(request, ready=False)
    fault = Fault("unavailable", "The model is still loading. Try again in a moment.")
    return fault_answer(503, fault, "Retry-After: 1\r\n", request.path)


def health(request: Request, *, ready: bool) -> Answer:
    """The answer to LIVE or READY: whoever answers is alive; `ready` says whether requests are welcome."""
    if request.method not in ("GET", "HEAD"):
        return not_allowed("GET, HEAD")
    if request.path == LIVE:
        return document({"live": True})
    return document({"ready": ready}, 200 if ready else 503)
