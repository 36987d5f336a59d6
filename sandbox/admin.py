"""`/_sandbox/`: what runs now, which calls were made, and the faults that someone wants.

GET /_sandbox/ (status), GET and DELETE /_sandbox/calls, GET, POST and DELETE /_sandbox/faults,
DELETE /_sandbox/faults/<id>, POST /_sandbox/clock (moves CloudWatch's clock forward). JSON in and out; no
credentials, as only the loopback reaches it.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sandbox.asgi import Receive, Scope, Send, read_body, respond_json
from sandbox.calls import Calls
from sandbox.endpoints.state import Deployment, Endpoint
from sandbox.faults import KINDS, BadFault, Faults, parse_fault

PREFIX = "/_sandbox"
_MAX_BODY = 64 * 1024


class Admin:
    """The ASGI application of `/_sandbox/`."""

    def __init__(
        self,
        status: Callable[[], dict[str, Any]],
        calls: Calls,
        faults: Faults,
        advance: Callable[[float], float],
    ) -> None:
        self._status = status
        self._advance = advance
        self._calls = calls
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = scope["method"], scope["path"].removeprefix(PREFIX).strip("/")
        match route:
            case "GET", "" | "status":
                await respond_json(send, 200, self._status())
            case "GET", "calls":
                await respond_json(send, 200, self._calls.by_service())
            case "DELETE", "calls":
                self._calls.reset()
                await respond_json(send, 200, {})
            case "GET", "faults":
                await respond_json(send, 200, {"waiting": self._faults.listed(), "kinds": KINDS})
            case "POST", "faults":
                await self._add_fault(receive, send)
            case "POST", "clock":
                await self._move_clock(receive, send)
            case "DELETE", "faults":
                await respond_json(send, 200, {"removed": self._faults.remove()})
            case "DELETE", path if path.startswith("faults/") and path[7:].isdigit():
                await respond_json(send, 200, {"removed": self._faults.remove(int(path[7:]))})
            case _:
                await respond_json(
                    send, 404, {"error": f"no {route[0]} {scope['path']}; see docs/sandbox.md"}
                )

    async def _add_fault(self, receive: Receive, send: Send) -> None:
        try:
            data = json.loads(await read_body(receive, _MAX_BODY))
            if not isinstance(data, dict):
                raise BadFault("a fault is a JSON object")
            fault = self._faults.add(parse_fault(data))
        except ValueError as error:
            return await respond_json(send, 400, {"error": str(error)})
        return await respond_json(send, 201, asdict(fault))

    async def _move_clock(self, receive: Receive, send: Send) -> None:
        try:
            data = json.loads(await read_body(receive, _MAX_BODY))
            seconds = data.get("advance") if isinstance(data, dict) else None
            if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                raise ValueError('the body is {"advance": seconds}')
            now = self._advance(seconds)
        except ValueError as error:
            return await respond_json(send, 400, {"error": str(error)})
        return await respond_json(send, 200, {"now": now})


def endpoint_status(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint with its fleets, instances and process ids."""
    deployments = [("live", endpoint.live), ("pending", endpoint.pending)]
    return {
        "name": endpoint.endpoint_name,
        "region": endpoint.region,
        "status": endpoint.endpoint_status.value,
        "config": endpoint.config_name,
        "failure_reason": endpoint.failure_reason,
        "deployments": [_deployment(role, d, endpoint) for role, d in deployments if d is not None],
    }


def _deployment(role: str, deployment: Deployment, endpoint: Endpoint) -> dict[str, Any]:
    shares = {id(target): share for share, target in endpoint.traffic_shares}
    return {
        "role": role,
        "config": deployment.recipe.config_name,
        "traffic": shares.get(id(deployment), 0.0),
        "fleets": [
            {
                "variant": fleet.variant,
                "image": fleet.container.resolved_image,
                "weight": fleet.weight,
                "count": fleet.count,
                "simulated": fleet.simulated,
                "in_flight": fleet.in_flight,
                "instances": [
                    {"id": i.id, "pid": i.pid, "healthy": i.healthy, "restarts": i.restarts, "url": i.url}
                    for i in [*fleet.instances, *fleet.starting]
                ],
            }
            for fleet in deployment.fleets.values()
        ],
    }
