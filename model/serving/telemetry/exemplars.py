"""A few requests of each window with their ids, so that other logs can be searched for them.

The slowest, and some that failed. It keeps ids and the two headers that callers attach for this purpose;
never a body or a query.
"""

from typing import Any

from model.serving.application import Request

MOST_FAILED = 4
MOST_CHARACTERS = 128
"""Of what a caller attached; SageMaker takes up to 1,024 of custom attributes."""
_ATTACHED = {
    "inference_id": "x-amzn-sagemaker-inference-id",
    "custom_attributes": "x-amzn-sagemaker-custom-attributes",
}

Exemplar = dict[str, Any]


class Exemplars:
    """The exemplars of the window that is open."""

    def __init__(self) -> None:
        self.slowest_seconds = 0.0
        """What an answer has to exceed to be the slowest."""
        self._slowest: Exemplar | None = None
        self._errors: list[Exemplar] = []
        self._refusals: list[Exemplar] = []

    def slow(self, request: Request | None, status: int, seconds: float, request_id: str) -> None:
        """Keeps the slowest answer until now."""
        self.slowest_seconds = seconds
        self._slowest = _exemplar(request, status, seconds, request_id)

    def failed(self, request: Request | None, status: int, seconds: float, request_id: str) -> None:
        """Keeps an answer with a 4xx or 5xx, if it is one of the first of its class."""
        kept = self._errors if status >= 500 else self._refusals
        if len(kept) < MOST_FAILED:
            kept.append(_exemplar(request, status, seconds, request_id))

    def take(self) -> dict[str, Any]:
        """The exemplars, errors of the server before refusals; from now on those of the next window."""
        taken: dict[str, Any] = {}
        if self._slowest is not None:
            taken["slowest"] = self._slowest
        if failed := (self._errors + self._refusals)[:MOST_FAILED]:
            taken["failed"] = failed
        self.slowest_seconds, self._slowest, self._errors, self._refusals = 0.0, None, [], []
        return taken


def _exemplar(request: Request | None, status: int, seconds: float, request_id: str) -> Exemplar:
    found: Exemplar = {"request_id": request_id, "status": status, "ms": round(seconds * 1000, 3)}
    if request is not None:
        for name, header in _ATTACHED.items():
            if given := request.headers.get(header):
                found[name] = cleaned(given)
    return found


def cleaned(text: str) -> str:
    """`text` cut to MOST_CHARACTERS, in one line without control characters."""
    cut = text[:MOST_CHARACTERS]
    return cut if cut.isprintable() else "".join(c if c.isprintable() else " " for c in cut)
