"""InvokeEndpoint: `POST /endpoints/<name>/invocations`, straight to a model server, past moto.

Picks a variant by weight (or TargetVariant), passes the body and SageMaker's headers through untouched, and
turns what the container answers into what the runtime API answers. Names and limits are those of the
InvokeEndpoint reference.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import aiohttp

from sandbox.asgi import BodyTooLarge, Receive, Scope, Send, header, read_body, respond, respond_json
from sandbox.calls import Calls
from sandbox.cloudwatch.sagemaker_metrics import Metrics
from sandbox.endpoints.service import EndpointService
from sandbox.endpoints.state import Endpoint
from sandbox.faults import Faults
from sandbox.fleets.fleet import Fleet
from sandbox.fleets.instance import Instance
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
_OURS = b"x-amzn-sagemaker-"
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


@dataclass(frozen=True)
class _Answer:
    """What a container answered; status 0 when its time was over."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


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
        arrived = time.perf_counter()
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
        return await self._forward(endpoint, fleet, scope, body, send, arrived)

    async def refuse(self, scope: Scope, send: Send) -> None:
        """Answer what of the runtime API is not covered: asynchronous and streamed invocations."""
        message = f"The sandbox does not cover {scope['path']}. Add it in sandbox/runtime/."
        await _error(send, 501, "NotImplemented", {"Message": message})

    async def _forward(
        self, endpoint: Endpoint, fleet: Fleet, scope: Scope, body: bytes, send: Send, arrived: float
    ) -> None:
        instance = fleet.pick()
        started = time.perf_counter()
        fleet.in_flight += 1
        try:
            answer = await self._ask(instance, scope, body)
        finally:
            fleet.in_flight -= 1
        key = (endpoint.account, endpoint.region, endpoint.endpoint_name, fleet.variant)
        latency = time.perf_counter() - started
        self._metrics.invocation(key, answer.status, latency, started - arrived, fleet.count)
        headers = [(b"x-amzn-invoked-production-variant", fleet.variant.encode()), *answer.headers]
        if 200 <= answer.status < 400:
            return await respond(send, 200, answer.body, headers)
        stream = f"{fleet.variant}/{instance.id}" if instance else ""
        return await _error(send, 424, "ModelError", _model_error(endpoint, stream, answer), headers[:1])

    async def _ask(self, instance: Instance | None, scope: Scope, body: bytes) -> _Answer:
        """The container's answer, or what stands for one that did not come."""
        if instance is None:
            return _Answer(503, b"No healthy instance.")
        through = [(_THROUGH[k], v.decode("latin-1")) for k, v in scope["headers"] if k in _THROUGH]
        url = f"{instance.url}/invocations"
        try:
            async with self._client.post(
                url, data=body, headers=through, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                content = await answer.read()
                if len(content) > MAX_BODY:
                    return _Answer(500, f"The container's answer is above {MAX_BODY} bytes.".encode())
                return _Answer(answer.status, content, _kept_headers(answer))
        except TimeoutError:
            return _Answer(0, _TIMED_OUT.encode())
        except aiohttp.ClientError as error:
            return _Answer(503, f"The connection to the container was lost: {error}".encode())


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


def _kept_headers(answer: aiohttp.ClientResponse) -> list[tuple[bytes, bytes]]:
    lowered = ((key.lower(), value) for key, value in answer.raw_headers)
    return [(key, value) for key, value in lowered if key == b"content-type" or key.startswith(_OURS)]


def _model_error(endpoint: Endpoint, stream: str, answer: _Answer) -> dict[str, Any]:
    """The members of ModelError: the container's own status and message, and where its logs are."""
    original = answer.body.decode(errors="replace")
    kind = "client" if 400 <= answer.status < 500 else "server"
    group = log_group(endpoint.endpoint_name)
    console = f"https://{endpoint.region}.console.aws.amazon.com/cloudwatch/home?region={endpoint.region}"
    arn = f"arn:aws:logs:{endpoint.region}:{endpoint.account}:log-group:{group}"
    return {
        "Message": f'Received {kind} error ({answer.status}) from primary with message "{original}". '
        f"See {console}#logEventViewer:group={group} in account {endpoint.account} for more information.",
        "OriginalStatusCode": answer.status,
        "OriginalMessage": original,
        "LogStreamArn": f"{arn}:log-stream:{stream}" if stream else arn,
    }


async def _error(
    send: Send,
    status: int,
    code: str,
    details: dict[str, Any],
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    """An error of the REST-JSON protocol: the code in a header, its members in the body."""
    await respond_json(send, status, details, [(b"x-amzn-errortype", code.encode()), *(headers or [])])
