"""InvokeEndpoint: `POST /endpoints/<name>/invocations`, straight to a model server, past moto.

Picks a variant by weight (or TargetVariant), passes the body and SageMaker's headers through untouched, and
turns what the container answers into what the runtime API answers. Names and limits are those of the
InvokeEndpoint reference.
"""

import time
from urllib.parse import unquote
from uuid import uuid4

import aiohttp

from sandbox.aws.sagemaker.endpoints.service import EndpointService
from sandbox.aws.sagemaker.metrics.invocations import InvocationMetrics
from sandbox.aws.sagemaker_runtime.answers import Answer, error_status, model_error, send_error
from sandbox.aws.shared.actions import identify
from sandbox.aws.shared.calls import Calls
from sandbox.aws.shared.coverage import not_covered
from sandbox.aws.shared.errors import BadRequest
from sandbox.aws.shared.permissions import invocation
from sandbox.aws.shared.signatures import check_time
from sandbox.aws.shared.validation import input_shape, refuse, violations
from sandbox.core.asgi import BodyTooLarge, Receive, Scope, Send, header, read_body, respond
from sandbox.core.clock import now, visible
from sandbox.core.faults import Faults
from sandbox.core.settings import ACCOUNT, REGION
from sandbox.serving.capture.records import Exchange
from sandbox.serving.capture.writer import Captures
from sandbox.serving.data_plane.model_servers import MAX_BODY, TIME_LIMIT, ModelServers
from sandbox.serving.data_plane.shadows import Shadows
from sandbox.serving.endpoints.state import Endpoint
from sandbox.serving.fleets.fleet import Fleet

PREFIX = "/endpoints/"
SUFFIX = "/invocations"

_CHECKED = {
    b"x-amzn-sagemaker-custom-attributes": "CustomAttributes",
    b"x-amzn-sagemaker-inference-id": "InferenceId",
    b"x-amzn-sagemaker-target-variant": "TargetVariant",
    b"x-amzn-sagemaker-target-model": "TargetModel",
    b"x-amzn-sagemaker-inference-component": "InferenceComponentName",
}
_NOT_HERE = {
    "TargetModel": "The TargetModel header is only for multi-model endpoints; endpoint {} is none.",
    "InferenceComponentName": "Inference Component Name header is not allowed for endpoints to which you "
    "dont plan to deploy inference components.",
}


class Invocations:
    """The ASGI application of the runtime API."""

    def __init__(
        self,
        service: EndpointService,
        client: aiohttp.ClientSession,
        metrics: InvocationMetrics,
        calls: Calls,
        faults: Faults,
        captures: Captures,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._service = service
        self._metrics = metrics
        self._calls = calls
        self._faults = faults
        self._captures = captures
        self._servers = ModelServers(client, faults, time_limit)
        self._shadows = Shadows(self._servers, self._record)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one InvokeEndpoint."""
        arrived = time.perf_counter()
        self._calls.add("sagemaker-runtime", "InvokeEndpoint")
        name = unquote(scope["path"][len(PREFIX) : -len(SUFFIX)])
        try:
            body = await read_body(receive, MAX_BODY)
        except BodyTooLarge:
            message = f"HTTP content length exceeded {MAX_BODY} bytes."
            return await respond(send, 413, message.encode(), [(b"content-type", b"text/plain")])
        try:
            self._calls.need(scope, "sagemaker-runtime", {invocation(name)})
            endpoint, fleet = self._route(scope, name)
        except BadRequest as refusal:
            details = {"Message": refusal.message, "message": refusal.message}
            return await send_error(send, refusal.code, details, status=refusal.status)
        return await self._forward(endpoint, fleet, scope, body, send, arrived)

    async def refuse(self, scope: Scope, send: Send) -> None:
        """Answer what of the runtime API is not covered: asynchronous and streamed invocations."""
        message = not_covered("sagemaker-runtime", identify(scope, b"")[1])
        await send_error(send, "NotImplemented", {"Message": message, "message": message}, status=501)

    def _route(self, scope: Scope, name: str) -> tuple[Endpoint, Fleet]:
        """Who answers a request. Raises BadRequest."""
        if self._faults:
            check_time("sagemaker-runtime", header(scope, b"x-amz-date"))
            self._refuse_by_fault(name)
        headers = {_CHECKED[k]: v.decode("latin-1") for k, v in scope["headers"] if k in _CHECKED}
        if headers:
            _check_headers(headers, name)
        endpoint = self._service.find(ACCOUNT, _region(scope), name)
        gone = endpoint is None or endpoint.live is None or endpoint.endpoint_status == "Deleting"
        if endpoint is None or gone or not visible("sagemaker", endpoint.creation_time):
            _check_headers({}, name)
            raise BadRequest("ValidationError", f"Endpoint {name} of account {ACCOUNT} not found.")
        target = headers.get("TargetVariant")
        fleet = endpoint.traffic.target(target) if target else endpoint.traffic.pick()
        if fleet is None:
            said = f"Variant {target} not found for endpoint {name}." if target else "No variant has weight."
            raise BadRequest("ValidationError", said)
        return endpoint, fleet

    def _refuse_by_fault(self, name: str) -> None:
        fault = self._faults.for_call("sagemaker-runtime", "InvokeEndpoint", name)
        if fault is not None:
            usual = "Rate exceeded" if "hrottl" in fault.code else "A fault that was asked for."
            raise BadRequest(fault.code, fault.reason or usual, fault.status or error_status(fault.code))

    async def _forward(
        self, endpoint: Endpoint, fleet: Fleet, scope: Scope, body: bytes, send: Send, arrived: float
    ) -> None:
        instance = fleet.pick()
        event_id = ""
        if fleet.mirror is not None or fleet.capture is not None:
            event_id = str(uuid4())
            self._shadows.mirror(fleet, scope, body, event_id)
        started = time.perf_counter()
        answer = await self._servers.ask(fleet, instance, scope, body)
        seconds = time.perf_counter() - started, started - arrived
        self._record(fleet, scope, body, answer, seconds, event_id)
        headers = [(b"x-amzn-invoked-production-variant", fleet.variant.encode()), *answer.headers]
        if answer.good:
            return await respond(send, 200, answer.body, headers)
        stream = f"{fleet.variant}/{instance.id}" if instance else ""
        return await send_error(
            send, "ModelError", model_error(endpoint, stream, answer), status=424, headers=headers[:1]
        )

    def _record(
        self,
        fleet: Fleet,
        scope: Scope,
        body: bytes,
        answer: Answer,
        seconds: tuple[float, float],
        event_id: str,
    ) -> None:
        """Count an answer, of a production or a shadow variant, and capture it where that is wanted.

        `seconds` are the container's and those that the request waited before it.
        """
        container = fleet.container
        key = (container.account, container.region, container.endpoint, fleet.variant, container.config)
        self._metrics.invocation(key, answer.status if answer.sent else 0, *seconds, fleet.count)
        if fleet.capture is None or not answer.good or not self._captures.sampled(fleet.capture):
            return
        if self._faults.for_endpoint("capture_lost", container.endpoint, fleet.variant, container.config):
            return
        exchange = Exchange(
            request=body,
            request_type=header(scope, b"content-type"),
            response=answer.body,
            response_type=answer.content_type,
            time=now(),
            event_id=event_id,
            inference_id=header(scope, b"x-amzn-sagemaker-inference-id"),
            custom_attributes=header(scope, b"x-amzn-sagemaker-custom-attributes"),
        )
        self._captures.add(fleet.capture, container, exchange)


def is_invocation(scope: Scope) -> bool:
    """Whether the request is an InvokeEndpoint."""
    path: str = scope["path"]
    return path.endswith(SUFFIX) and path.startswith(PREFIX) and scope["method"] == "POST"


def is_other_runtime(scope: Scope) -> bool:
    """Whether the request is another action of the runtime API."""
    return scope["path"].startswith(PREFIX) and "/sagemaker/" in header(scope, b"authorization")


def _check_headers(headers: dict[str, str], endpoint: str) -> None:
    """Raise BadRequest for a name or headers that break the constraints, or that are for other endpoints."""
    shape = input_shape("sagemaker-runtime", "InvokeEndpoint")
    if shape is not None:
        refuse(violations(shape, {"EndpointName": endpoint, "Body": "", **headers}), "ValidationError")
    for name, message in _NOT_HERE.items():
        if name in headers:
            raise BadRequest("ValidationError", message.format(endpoint))


def _region(scope: Scope) -> str:
    parts = header(scope, b"authorization").split("/", 3)
    return parts[2] if len(parts) > 3 else REGION
