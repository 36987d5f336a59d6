"""`/_sandbox/`, the sandbox's own API: its status, the calls that were made, faults, and CloudWatch's clock.

GET /_sandbox/ (status; a page for browsers), GET and DELETE /_sandbox/calls,
GET /_sandbox/targets and /_sandbox/metrics (what Prometheus scrapes),
GET /_sandbox/permissions (what their callers need, by action of IAM's: the resources),
GET /_sandbox/permissions/ROLE (what SageMaker needs of an execution role, by the role's ARN),
PUT /_sandbox/policies/KEY (IAM policies of callers with an access key), DELETE /_sandbox/policies,
GET, POST and DELETE /_sandbox/faults, DELETE /_sandbox/faults/<id>, POST /_sandbox/clock (moves CloudWatch's
clock forward). JSON in and out; no credentials, as only the loopback reaches it.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sandbox.aws.shared.calls import Calls
from sandbox.control import prometheus
from sandbox.control.page import page
from sandbox.core.asgi import Receive, Scope, Send, header, read_body, respond, respond_json
from sandbox.core.faults import KINDS, BadFault, Fault, Faults, parse_fault
from sandbox.serving.capture.writer import Captures
from sandbox.serving.endpoints.state import Deployment, Endpoint
from sandbox.serving.fleets.fleet import Fleet

PREFIX = "/_sandbox"
_MAX_BODY = 64 * 1024
_HTML = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]


class Admin:
    """The ASGI application of `/_sandbox/`."""

    def __init__(
        self,
        status: Callable[[], dict[str, Any]],
        calls: Calls,
        faults: Faults,
        advance: Callable[[float], float],
        at_once: Callable[[Fault], bool],
    ) -> None:
        self._status = status
        self._at_once = at_once
        self._advance = advance
        self._calls = calls
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = scope["method"], scope["path"].removeprefix(PREFIX).strip("/")
        match route:
            case "GET", "" if "text/html" in header(scope, b"accept"):
                await respond(send, 200, page(self._status()).encode(), _HTML)
            case "GET", "" | "status":
                await respond_json(send, 200, self._status())
            case "GET", "targets":
                await respond_json(send, 200, prometheus.targets(self._status()))
            case "GET", "metrics":
                await respond(send, 200, prometheus.metrics(self._status()), prometheus.MEDIA)
            case "GET", "calls":
                await respond_json(send, 200, self._calls.by_service())
            case "GET", "permissions":
                await respond_json(send, 200, self._calls.needs())
            case "GET", path if path.startswith("permissions/"):
                await respond_json(send, 200, self._calls.needs(path.removeprefix("permissions/")))
            case "PUT", path if path.startswith("policies/"):
                await self._set_policies(path.removeprefix("policies/"), receive, send)
            case "DELETE", "policies":
                self._calls.policies.clear()
                await respond_json(send, 200, {})
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

    async def _set_policies(self, key: str, receive: Receive, send: Send) -> None:
        try:
            data = json.loads(await read_body(receive, _MAX_BODY))
            documents = data.get("documents") if isinstance(data, dict) else None
            if not isinstance(documents, list):
                raise ValueError('the body is {"documents": [policy, ...]}')
            self._calls.policies.set(key, documents)
        except ValueError as error:
            return await respond_json(send, 400, {"error": str(error)})
        return await respond_json(send, 200, {"key": key, "policies": len(documents)})

    async def _add_fault(self, receive: Receive, send: Send) -> None:
        try:
            data = json.loads(await read_body(receive, _MAX_BODY))
            if not isinstance(data, dict):
                raise BadFault("a fault is a JSON object")
            fault = parse_fault(data)
            if not self._at_once(fault):
                self._faults.add(fault)
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


def endpoint_status(endpoint: Endpoint, captures: Captures) -> dict[str, Any]:
    """An endpoint with its fleets, instances and process ids."""
    name = endpoint.endpoint_name
    return {
        "name": name,
        "region": endpoint.region,
        "status": endpoint.endpoint_status.value,
        "config": endpoint.config_name,
        "failure_reason": endpoint.failure_reason,
        "captured": captures.written[name],
        "capture_failures": captures.failed[name],
        "deployments": [_deployment(role, d, endpoint) for role, d in endpoint.deployments],
    }


def _deployment(role: str, deployment: Deployment, endpoint: Endpoint) -> dict[str, Any]:
    shares = {id(target): share for share, target in endpoint.traffic_shares}
    share = shares.get(id(deployment), 0.0)
    weights = sum(fleet.weight for fleet in deployment.fleets.values()) or 1.0
    fleets = [_fleet(fleet, share * fleet.weight / weights) for fleet in deployment.fleets.values()]
    shadows = [_fleet(fleet, 0.0, shadow=True) for fleet in deployment.shadows.values()]
    return {
        "role": role,
        "config": deployment.spec.config_name,
        "traffic": share,
        "fleets": [*fleets, *shadows],
    }


def _fleet(fleet: Fleet, traffic: float, *, shadow: bool = False) -> dict[str, Any]:
    return {
        "variant": fleet.variant,
        "shadow": shadow,
        "image": fleet.container.resolved_image,
        "weight": fleet.weight,
        "traffic": traffic,
        "count": fleet.count,
        "simulated": fleet.simulated,
        "in_flight": fleet.in_flight,
        "served": fleet.served,
        "failed": fleet.failed,
        "answers": dict(fleet.answers),
        "instances": [
            {"id": i.id, "pid": i.pid, "healthy": i.healthy, "restarts": i.restarts, "url": i.url}
            for i in [*fleet.instances, *fleet.starting]
        ],
    }
