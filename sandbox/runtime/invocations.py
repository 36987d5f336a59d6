"""InvokeEndpoint: `POST /endpoints/<name>/invocations`, straight to a model server, past moto.

Picks a variant by weight (or TargetVariant), passes the body and SageMaker's headers through untouched, and
turns what the container answers into what the runtime API answers. Names and limits are those of the
InvokeEndpoint reference.
"""

import time
from typing import Any
from urllib.parse import unquote

import aiohttp

from sandbox.asgi import BodyTooLarge, Receive, Scope, Send, header, read_body, respond, respond_json
from sandbox.aws.metrics import Metrics
from sandbox.calls import Calls
from sandbox.endpoints.service import EndpointService
from sandbox.endpoints.state import Endpoint
from sandbox.faults import Faults
from sandbox.fleets.fleet import Fleet
from sandbox.settings import ACCOUNT, REGION

MAX_BODY = 6 * 1024 * 1024
"""Bytes of a request; the quota of InvokeEndpoint's payload."""

TIME_LIMIT = 60.0
"""Seconds that a container may take."""

PREFIX = "/endpoints/"
SUFFIX = "/invocations"

_TIMEOUT = aiohttp.ClientTimeout(total=TIME_LIMIT)
_THROUGH = {
    b"content-type": "Content-Type",
    b"accept": "Accept",
    b"x-amzn-sagemaker-custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
    b"x-amzn-sagemaker-inference-id": "X-Amzn-SageMaker-Inference-Id",
}
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


class Invocations:
    """The ASGI application of the runtime API."""

    def __init__(
        self,
        service: EndpointService,
        client: aiohttp.ClientSession,
        metrics: Metrics,
        calls: Calls,
        faults: Faults,
    ) -> None:
        self._service = service
        self._client = client
        self._metrics = metrics
        self._calls = calls
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one InvokeEndpoint."""
        self._calls.add("sagemaker-runtime", "InvokeEndpoint")
        fault = self._faults.for_call("sagemaker-runtime", "InvokeEndpoint")
        if fault is not None:
            return await _error(send, fault.status or 400, fault.code, {"Message": "Rate exceeded"})
        try:
            body = await read_body(receive, MAX_BODY)
        except BodyTooLarge:
            message = f"HTTP content length exceeded {MAX_BODY} bytes."
            return await respond(send, 413, message.encode(), [(b"content-type", b"text/plain")])
        name = unquote(scope["path"][len(PREFIX) : -len(SUFFIX)])
        endpoint = self._service.find(ACCOUNT, _region(scope), name)
        if endpoint is None or endpoint.live is None or endpoint.endpoint_status == "Deleting":
            message = f"Endpoint {name} of account {ACCOUNT} not found."
            return await _error(send, 400, "ValidationError", {"Message": message})
        target = header(scope, b"x-amzn-sagemaker-target-variant")
        fleet = endpoint.traffic.target(target) if target else endpoint.traffic.pick()
        if fleet is None:
            message = (
                f"Variant {target} not found for endpoint {name}." if target else "No variant has weight."
            )
            return await _error(send, 400, "ValidationError", {"Message": message})
        return await self._forward(endpoint, fleet, scope, body, send)

    async def refuse(self, scope: Scope, send: Send) -> None:
        """Answer what of the runtime API is not covered: asynchronous and streamed invocations."""
        message = f"The sandbox does not cover {scope['path']}. Add it in sandbox/runtime/."
        await _error(send, 501, "NotImplemented", {"Message": message})

    async def _forward(self, endpoint: Endpoint, fleet: Fleet, scope: Scope, body: bytes, send: Send) -> None:
        headers = {
            _THROUGH[key]: value.decode("latin-1") for key, value in scope["headers"] if key in _THROUGH
        }
        instance = fleet.pick()
        started = time.perf_counter()
        fleet.in_flight += 1
        try:
            if instance is None:
                return await self._model_error(send, endpoint, fleet, None, 503, b"No healthy instance.", 0.0)
            async with self._client.post(
                f"{instance.url}/invocations",
                data=body,
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
            took = time.perf_counter() - started
            if answer.status >= 400:
                return await self._model_error(
                    send, endpoint, fleet, instance.id, answer.status, content, took
                )
            self._count(endpoint, fleet, answer.status, took)
            return await respond(send, 200, content, _answer_headers(answer, fleet.variant))
        except TimeoutError:
            took = time.perf_counter() - started
            who = instance.id if instance else None
            return await self._model_error(send, endpoint, fleet, who, 0, _TIMED_OUT.encode(), took)
        except aiohttp.ClientError as error:
            took = time.perf_counter() - started
            message = f"The connection to the container was lost: {error}".encode()
            who = instance.id if instance else None
            return await self._model_error(send, endpoint, fleet, who, 503, message, took)
        finally:
            fleet.in_flight -= 1

    async def _model_error(
        self,
        send: Send,
        endpoint: Endpoint,
        fleet: Fleet,
        instance: str | None,
        status: int,
        content: bytes,
        took: float,
    ) -> None:
        """424 ModelError, with the container's own status and message."""
        self._count(endpoint, fleet, status, took)
        original = content.decode(errors="replace")
        group = log_group(endpoint.endpoint_name)
        kind = "client" if 400 <= status < 500 else "server"
        where = f"https://{endpoint.region}.console.aws.amazon.com/cloudwatch/home?region={endpoint.region}"
        message = (
            f'Received {kind} error ({status}) from primary with message "{original}". See {where}'
            f"#logEventViewer:group={group} in account {endpoint.account} for more information."
        )
        stream = f":log-stream:{fleet.variant}/{instance}" if instance else ""
        details = {
            "Message": message,
            "OriginalStatusCode": status,
            "OriginalMessage": original,
            "LogStreamArn": f"arn:aws:logs:{endpoint.region}:{endpoint.account}:log-group:{group}{stream}",
        }
        headers = [(b"x-amzn-invoked-production-variant", fleet.variant.encode())]
        await _error(send, 424, "ModelError", details, headers)

    def _count(self, endpoint: Endpoint, fleet: Fleet, status: int, took: float) -> None:
        key = (endpoint.account, endpoint.region, endpoint.endpoint_name, fleet.variant)
        self._metrics.invocation(key, status, took)


def is_invocation(scope: Scope) -> bool:
    """Whether the request is an InvokeEndpoint."""
    path: str = scope["path"]
    return path.endswith(SUFFIX) and path.startswith(PREFIX) and scope["method"] == "POST"


def is_other_runtime(scope: Scope) -> bool:
    """Whether the request is another action of the runtime API."""
    return scope["path"].startswith(PREFIX) and "/sagemaker/" in header(scope, b"authorization")


def log_group(endpoint: str) -> str:
    """The log group that SageMaker gives an endpoint."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def _region(scope: Scope) -> str:
    parts = header(scope, b"authorization").split("/", 3)
    return parts[2] if len(parts) > 3 else REGION


def _answer_headers(answer: aiohttp.ClientResponse, variant: str) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-amzn-invoked-production-variant", variant.encode())]
    for key, value in answer.raw_headers:
        lower = key.lower()
        if lower == b"content-type" or lower.startswith(b"x-amzn-sagemaker-"):
            headers.append((lower, value))
    return headers


async def _error(
    send: Send,
    status: int,
    code: str,
    details: dict[str, Any],
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    """An error of the REST-JSON protocol: the code in a header, its members in the body."""
    await respond_json(send, status, details, [(b"x-amzn-errortype", code.encode()), *(headers or [])])
