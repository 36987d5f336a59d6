"""The one port of the sandbox: which part answers which request."""

from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from sandbox.aws.dispatch.application import Moto
from sandbox.aws.ecr.registry_gateway import Gateway
from sandbox.aws.sagemaker_runtime.api import Invocations, is_invocation, is_other_runtime
from sandbox.control.admin import PREFIX as ADMIN_PREFIX
from sandbox.control.admin import Admin
from sandbox.core import clock
from sandbox.core.asgi import ClientGone, Receive, Scope, Send, header, respond_json
from sandbox.core.faults import Faults

_OUTAGE = {"errors": [{"code": "UNAVAILABLE", "message": "A registry outage that was asked for."}]}
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_ENDINGS = (".localhost", ".amazonaws.com")


class App:
    """The ASGI application of the sandbox."""

    def __init__(
        self, invocations: Invocations, gateway: Gateway, admin: Admin, moto: Moto, faults: Faults
    ) -> None:
        self._invocations = invocations
        self._gateway = gateway
        self._admin = admin
        self._moto = moto
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        send = _dated(send)
        if not is_local(scope):
            await respond_json(send, 403, {"error": "The sandbox answers programs of this machine only."})
            return
        with suppress(ClientGone):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_invocation(scope):
            await self._invocations(scope, receive, send)
        elif is_other_runtime(scope):
            await self._invocations.refuse(scope, send)
        elif scope["path"].startswith(ADMIN_PREFIX):
            await self._admin(scope, receive, send)
        elif _is_registry(scope):
            if self._faults.for_outage():
                await respond_json(send, 503, _OUTAGE)
            else:
                await self._gateway(scope, receive, send)
        else:
            await self._moto(scope, receive, send)


def _dated(send: Send) -> Send:
    """Give an answer its Date as it starts: a server's own, kept for a second, is older on a busy machine."""

    async def dated(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [one for one in message["headers"] if one[0].lower() != b"date"]
            message = {**message, "headers": [*kept, (b"date", clock.http_date().encode())]}
        await send(message)

    return dated


def is_local(scope: Scope) -> bool:
    """Whether the request is meant for this machine and comes from a program, not from a web page.

    A page in the user's browser can reach the loopback, under its own name or by a name that it made point
    here; the sandbox runs images, so neither is served.
    """
    name = header(scope, b"host").rpartition(":")[0] or header(scope, b"host")
    return not header(scope, b"origin") and (name in _NAMES or name.endswith(_ENDINGS))


def _is_registry(scope: Scope) -> bool:
    """`/v2/` belongs to the registry, unless the request is signed: some AWS APIs begin with it too."""
    path: str = scope["path"]
    return (path == "/v2" or path.startswith("/v2/")) and not header(scope, b"authorization").startswith(
        "AWS4"
    )
