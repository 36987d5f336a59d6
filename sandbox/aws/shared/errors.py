"""Refusals of requests, and AWS errors in the shape of the caller's protocol: JSON, XML, or a REST header."""

import json
from dataclasses import dataclass
from uuid import uuid4
from xml.sax.saxutils import escape

from sandbox.core.asgi import Scope, header


@dataclass(frozen=True)
class Answer:
    """A whole HTTP response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class BadRequest(ValueError):
    """A request that AWS refuses: error code, message, and HTTP status (0: the usual one of the code)."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


_STATUS = {
    "MethodNotAllowed": 405,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
}


def default_status(code: str) -> int:
    """The HTTP status that AWS sends with an error code, when nobody says otherwise."""
    return _STATUS.get(code, 500 if code.startswith("Internal") else 400)


def aws_error(scope: Scope, service: str, code: str, message: str, status: int = 0) -> Answer:
    """The error as a response to the request of `scope`; `status` 0 stands for the code's own."""
    status = status or default_status(code)
    request_id = str(uuid4())
    ids = [("x-amzn-RequestId", request_id), ("x-amz-request-id", request_id)]
    if service == "s3" or header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        kind = "application/xml" if service == "s3" else "text/xml"
        body = _xml(scope, service, code, message, request_id)
        return Answer(status, [*ids, ("Content-Type", kind), ("Content-Length", str(len(body)))], body)
    body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    headers = [("x-amzn-ErrorType", code), ("Content-Type", "application/x-amz-json-1.1")]
    return Answer(status, [*ids, *headers, ("Content-Length", str(len(body)))], body)


def _xml(scope: Scope, service: str, code: str, message: str, request_id: str) -> bytes:
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if service == "s3":
        resource = f"<Resource>{escape(scope['path'])}</Resource>"
        text = f"<Error>{error}{resource}<RequestId>{request_id}</RequestId></Error>"
    else:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return ('<?xml version="1.0" encoding="UTF-8"?>' + text).encode()
