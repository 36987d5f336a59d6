"""GET /openapi.json, and GET / and /docs: made once, answered as they are. No requests are scored here."""

from functools import cached_property

import msgspec

from model.serving.answers import Answer, fault_answer
from model.serving.application import Request
from model.serving.errors import Fault
from model.serving.models.catalog import Loaded

DOCUMENT = "/openapi.json"
PAGES = ("/", "/docs")
_SAFE = "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"


class Documentation:
    """Describes loaded models."""

    def __init__(self, loaded: Loaded, max_body: int) -> None:
        """`max_body` is in bytes."""
        self._loaded = loaded
        self._max_body = max_body

    def handle(self, request: Request) -> Answer:
        """The answer to a request for DOCUMENT or one of PAGES."""
        if request.method not in ("GET", "HEAD"):
            fault = Fault("method_not_allowed", "This path takes GET, HEAD.")
            return fault_answer(405, fault, "Allow: GET, HEAD\r\n")
        return self._document if request.path == DOCUMENT else self._page

    # made when first asked for, and imported then: a server that nobody looks at starts sooner

    @cached_property
    def _document(self) -> Answer:
        from model.serving.openapi.document import openapi

        content = msgspec.json.encode(openapi(self._loaded, self._max_body))
        return Answer(200, "application/json", content, _SAFE)

    @cached_property
    def _page(self) -> Answer:
        from model.serving.openapi.document import openapi
        from model.serving.openapi.page import page, policy

        content = page(openapi(self._loaded, self._max_body)).encode()
        headers = f"{_SAFE}Content-Security-Policy: {policy()}\r\n"
        return Answer(200, "text/html; charset=utf-8", content, headers)
