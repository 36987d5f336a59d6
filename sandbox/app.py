"""The one port of the sandbox: which part answers which request."""

from sandbox.admin import PREFIX as ADMIN_PREFIX
from sandbox.admin import Admin
from sandbox.asgi import Receive, Scope, Send, header
from sandbox.aws.application import Moto
from sandbox.registry.gateway import Gateway
from sandbox.runtime.invocations import Invocations, is_invocation


class App:
    """The ASGI application of the sandbox."""

    def __init__(self, invocations: Invocations, gateway: Gateway, admin: Admin, moto: Moto) -> None:
        self._invocations = invocations
        self._gateway = gateway
        self._admin = admin
        self._moto = moto

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if is_invocation(scope):
            await self._invocations(scope, receive, send)
        elif scope["path"].startswith(ADMIN_PREFIX):
            await self._admin(scope, receive, send)
        elif _is_registry(scope):
            await self._gateway(scope, receive, send)
        else:
            await self._moto(scope, receive, send)


def _is_registry(scope: Scope) -> bool:
    """`/v2/` belongs to the registry, unless the request is signed: some AWS APIs begin with it too."""
    path: str = scope["path"]
    return (path == "/v2" or path.startswith("/v2/")) and not header(scope, b"authorization").startswith(
        "AWS4"
    )
