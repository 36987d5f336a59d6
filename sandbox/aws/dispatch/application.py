"""The ASGI application that answers AWS calls by moto: all but InvokeEndpoint and the registry's.

It counts calls, lets the faults that were asked for happen, and turns what moto does not know into an error
that a client understands. moto is WSGI and blocking, so each call runs in a thread.
"""

import asyncio
import io
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.moto_server.werkzeug_app import create_backend_app

from sandbox.aws.dispatch import cbor, unsigned
from sandbox.aws.dispatch.backends import Dispatcher
from sandbox.aws.dispatch.checks import check
from sandbox.aws.dispatch.failures import explain
from sandbox.aws.s3 import objects
from sandbox.aws.shared.actions import identify
from sandbox.aws.shared.calls import Calls
from sandbox.aws.shared.coverage import not_covered
from sandbox.aws.shared.errors import Answer, BadRequest, aws_error
from sandbox.aws.shared.permissions import needed, to_miss
from sandbox.aws.shared.signatures import check_time
from sandbox.core.asgi import BodyTooLarge, Receive, Scope, Send, header, read_body
from sandbox.core.faults import Faults

log = logging.getLogger(__name__)

MAX_BODY = 1 << 30
"""Bytes of one request; S3's own limit is 5 GiB, but a laptop has no use for that."""

_THREADS = 16


class Moto:
    """The ASGI application that answers AWS calls by moto."""

    def __init__(self, calls: Calls, faults: Faults) -> None:
        self._wsgi = Dispatcher(create_backend_app)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="aws")
        self._calls = calls
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one AWS call."""
        try:
            body = await read_body(receive, MAX_BODY)
        except BodyTooLarge:
            message = f"The sandbox takes at most {MAX_BODY} bytes in one request."
            return await _send(send, aws_error(scope, "s3", "EntityTooLarge", message))
        scope, body = unsigned.as_signed(scope, body)
        service, action = identify(scope, body)
        self._calls.add(service, action)
        fault = self._faults.for_call(service, action)
        if fault is not None:
            usual = "Rate exceeded" if "hrottl" in fault.code else "A fault that was asked for."
            message = fault.reason or usual
            answer = aws_error(scope, service, fault.code, message, fault.status)
        else:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, self._answer, scope, body, service, action)
        return await _send(send, answer)

    def close(self) -> None:
        """Let no further call begin."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _answer(self, scope: Scope, body: bytes, service: str, action: str) -> Answer:
        if not cbor.is_cbor(scope):
            return self._answer_plain(scope, body, service, action)
        try:
            plain, text = cbor.as_json(scope, service, body)
        except BadRequest as refusal:
            answer = aws_error(scope, service, refusal.code, refusal.message)
        else:
            answer = self._answer_plain(plain, text, service, action)
        return cbor.as_cbor(service, action, answer)

    def _answer_plain(self, scope: Scope, body: bytes, service: str, action: str) -> Answer:
        try:
            self._calls.need(scope, service, needed(service, action, scope, body))
            query = header(scope, b"content-type").startswith("application/x-www-form-urlencoded")
            check_time(service, header(scope, b"x-amz-date"), query=query)
            check(scope, service, action, body)
            answer = _in_protocol(scope, service, action, self._call_wsgi(scope, body))
            if answer.status == 404 and not objects.lacks_bucket(scope["path"]):
                self._calls.need(scope, service, to_miss(service, action, scope))
            return answer
        except BadRequest as refusal:
            return aws_error(scope, service, refusal.code, refusal.message, refusal.status)
        except NotImplementedError:
            return aws_error(scope, service, "NotImplemented", not_covered(service, action))
        except Exception as error:
            log.exception("%s %s failed", service, action)
            refusal = explain(service, action, body + scope["query_string"], error)
            return aws_error(scope, service, refusal.code, refusal.message)

    def _call_wsgi(self, scope: Scope, body: bytes) -> Answer:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if exc_info is not None:
                raise exc_info[1]
            started[:] = [int(status.split(" ", 1)[0]), headers]

        chunks: Iterable[bytes] = self._wsgi(_environ(scope, body), start_response)
        content = b"".join(chunks)
        status, headers = started
        if scope["method"] != "HEAD" and not any(name.lower() == "content-length" for name, _ in headers):
            headers = [*headers, ("Content-Length", str(len(content)))]
        return Answer(status, headers, content)


def _in_protocol(scope: Scope, service: str, action: str, answer: Answer) -> Answer:
    """Nothing that AWS would not send: no page for people where a program asked or a type for nothing."""
    kind = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
    if not kind.startswith("text/html") or scope["method"] == "OPTIONS":
        return answer
    if scope["method"] == "HEAD" and answer.status < 400:
        return answer
    if scope["method"] == "HEAD":
        plain = [(name, value) for name, value in answer.headers if name.lower() != "content-type"]
        return Answer(answer.status, [*plain, ("Content-Type", "application/xml")], b"")
    if answer.status == 403:
        return aws_error(scope, service, "AccessDenied", "Access Denied", 403)
    if answer.status >= 400 and action:
        return aws_error(scope, service, "NotImplemented", not_covered(service, action))
    if answer.status >= 400:
        code = "MethodNotAllowed" if answer.status == 405 else "UnknownOperationException"
        message = f"The sandbox knows no {scope['method']} {scope['path']} of {service or 'any service'}."
        return aws_error(scope, service, code, message, answer.status)
    if action in ("GetObject", "SelectObjectContent"):
        return answer
    headers = [(name, value) for name, value in answer.headers if name.lower() != "content-type"]
    return Answer(answer.status, headers, answer.body)


async def _send(send: Send, answer: Answer) -> None:
    headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    host, port = scope["server"]
    raw_path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(raw_path, "latin-1"),
        "RAW_URI": raw_path + ("?" + query if query else ""),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        PRESERVED_HEADER_NAMES_ENVIRON_KEY: {},
    }
    _add_headers(environ, scope)
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:  # a plus is a space to S3, and to some clients, but not to moto
        environ["HTTP_X_AMZ_COPY_SOURCE"] = environ["HTTP_X_AMZ_COPY_SOURCE"].replace("+", "%20")
    if header(scope, b"transfer-encoding"):
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


def _add_headers(environ: dict[str, Any], scope: Scope) -> None:
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        key = environ_key_for_header(name)
        if key == "CONTENT_LENGTH":
            continue
        if should_preserve_original_header_name(name):
            environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY][key] = name
        environ[key] = f"{environ[key]},{value}" if key in environ else value
