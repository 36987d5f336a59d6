"""Sends a request to a model server, and lets the faults that were asked for happen on the way."""

import asyncio

import aiohttp

from sandbox.core.asgi import Scope
from sandbox.core.faults import Faults
from sandbox.serving.data_plane.answer import Answer, Headers
from sandbox.serving.fleets.fleet import Fleet
from sandbox.serving.fleets.instance import Instance

MAX_BODY = 6 * 1024 * 1024
"""Bytes of a request and of an answer; the quota of InvokeEndpoint's payload."""

TIME_LIMIT = 60.0
"""Seconds that a container may take."""

_THROUGH = {
    b"content-type": "Content-Type",
    b"accept": "Accept",
    b"x-amzn-sagemaker-custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
    b"x-amzn-sagemaker-inference-id": "X-Amzn-SageMaker-Inference-Id",
}
_OURS = b"x-amzn-sagemaker-"
_NEVER_INVENTED = ("Content-Type", "Accept", "Accept-Encoding", "User-Agent")
"""Headers that the HTTP client would make up: a server must see those that the caller sent, or none."""

_TIMED_OUT = Answer(
    0,
    b"Your invocation timed out while waiting for a response from container primary. Review the latency "
    b"metrics for each container in Amazon CloudWatch, resolve the issue, and try again.",
    sent=False,
)

_LOST = Answer(503, b"The connection to the container was lost: it ended before it answered.", sent=False)


class ModelServers:
    """Asks model servers over one HTTP client. `time_limit` is in real seconds."""

    def __init__(self, client: aiohttp.ClientSession, faults: Faults, time_limit: float = TIME_LIMIT) -> None:
        self._client = client
        self._faults = faults
        self._limit = time_limit
        self._timeout = aiohttp.ClientTimeout(total=time_limit)

    async def ask(self, fleet: Fleet, instance: Instance | None, scope: Scope, body: bytes) -> Answer:
        """The container's answer, or what stands for one that did not come; never raises for it."""
        fleet.in_flight += 1
        if instance is not None:
            instance.in_flight += 1
        try:
            answer = await self._faulty(fleet, instance) if self._faults else None
            answer = answer or await self._post(instance, scope, body)
        finally:
            fleet.in_flight -= 1
            if instance is not None:
                instance.in_flight -= 1
        fleet.served += 1
        fleet.answers[answer.status] += 1
        if not answer.good:
            fleet.failed += 1
        return answer

    async def _faulty(self, fleet: Fleet, instance: Instance | None) -> Answer | None:
        """Let the faults of a variant happen; an answer when one answers instead of the container."""
        container = fleet.container
        meant = container.endpoint, container.variant, container.config
        late = self._faults.for_endpoint("invoke_latency", *meant)
        if late is not None:
            await asyncio.sleep(min(late.seconds, self._limit))
            if late.seconds >= self._limit:
                return _TIMED_OUT
        failure = self._faults.for_endpoint("invoke_errors", *meant)
        if failure is not None:
            return Answer(failure.status or 500, (failure.reason or "A fault that was asked for.").encode())
        if instance is not None and self._faults.crash_due(*meant):
            await instance.kill()
            return _LOST
        return None

    async def _post(self, instance: Instance | None, scope: Scope, body: bytes) -> Answer:
        if instance is None:
            return Answer(503, b"No healthy instance.", sent=False)
        through = [(_THROUGH[k], v.decode("latin-1")) for k, v in scope["headers"] if k in _THROUGH]
        try:
            async with self._client.post(
                f"{instance.url}/invocations",
                data=body,
                headers=through,
                skip_auto_headers=_NEVER_INVENTED,
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
                if len(content) > MAX_BODY:
                    return Answer(500, f"The container's answer is above {MAX_BODY} bytes.".encode())
                return Answer(answer.status, content, _kept_headers(answer))
        except TimeoutError:
            return _TIMED_OUT
        except (aiohttp.ClientError, OSError) as error:
            return Answer(503, f"The connection to the container was lost: {error}".encode(), sent=False)


def _kept_headers(answer: aiohttp.ClientResponse) -> Headers:
    lowered = ((key.lower(), value) for key, value in answer.raw_headers)
    return [(key, value) for key, value in lowered if key == b"content-type" or key.startswith(_OURS)]
