"""Faults on request: what should go wrong next, for whom, and how often.

A fault is taken when its moment comes and vanishes after `count` times. Thread-safe: AWS calls come from
moto's threads, deployments from the event loop.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from threading import Lock
from typing import Any

KINDS: dict[str, str] = {
    "silent_rollback": "the next UpdateEndpoint of `endpoint` ends InService on the old config; "
    "`reason` becomes its FailureReason (default: none, as the service sometimes leaves it)",
    "slow_ping": "new instances of `endpoint` pass their ping only after `seconds`",
    "fail_ping": "new instances of `endpoint` never pass their ping",
    "insufficient_capacity": "the next CreateEndpoint or UpdateEndpoint of `endpoint` finds no instances",
    "fail_aws": "calls of `action` (and `service`) fail with error `code`, HTTP `status`",
}
"""Every kind of fault and what it does."""

_ALLOWED = {
    "kind",
    "endpoint",
    "variant",
    "service",
    "action",
    "code",
    "status",
    "seconds",
    "reason",
    "count",
}


class BadFault(ValueError):
    """A fault that cannot be: the message says why and what there is."""


@dataclass
class Fault:
    """One fault. Empty `endpoint`, `variant`, `service` and `action` match all."""

    kind: str
    count: int = 1
    endpoint: str = ""
    variant: str = ""
    service: str = ""
    action: str = ""
    code: str = "ThrottlingException"
    status: int = 0
    seconds: float = 0.0
    reason: str = ""
    id: int = field(default=0)


def parse_fault(data: Mapping[str, Any]) -> Fault:
    """A fault from a JSON object. Raises BadFault."""
    kind = data.get("kind")
    if kind not in KINDS:
        raise BadFault(f"unknown kind {kind!r}; there are: {', '.join(KINDS)}")
    unknown = set(data) - _ALLOWED
    if unknown:
        raise BadFault(f"unknown members {sorted(unknown)}; there are: {', '.join(sorted(_ALLOWED))}")
    fault = Fault(**data)
    try:
        fault.count, fault.status, fault.seconds = int(fault.count), int(fault.status), float(fault.seconds)
    except (TypeError, ValueError) as error:
        raise BadFault(f"count and status are whole numbers, seconds a number: {error}") from error
    if fault.count < 1:
        raise BadFault("count must be at least 1")
    if kind == "fail_aws" and not fault.action:
        raise BadFault("fail_aws needs an action, such as UpdateEndpoint")
    return fault


class Faults:
    """The faults that wait for their moment."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._ids = count(1)
        self._lock = Lock()

    def add(self, fault: Fault) -> Fault:
        """Keep a fault; it gets an id."""
        with self._lock:
            fault.id = next(self._ids)
            self._waiting.append(fault)
        return fault

    def remove(self, fault_id: int | None = None) -> int:
        """Forget one fault, or all; says how many."""
        with self._lock:
            kept = [] if fault_id is None else [f for f in self._waiting if f.id != fault_id]
            removed = len(self._waiting) - len(kept)
            self._waiting = kept
        return removed

    def listed(self) -> list[dict[str, Any]]:
        """The waiting faults as JSON objects."""
        with self._lock:
            return [asdict(fault) for fault in self._waiting]

    def for_endpoint(self, kind: str, endpoint: str, variant: str = "") -> Fault | None:
        """Take a fault of `kind` that is meant for this endpoint (and variant), if one waits."""
        return self._take(
            lambda f: f.kind == kind and f.endpoint in ("", endpoint) and f.variant in ("", variant)
        )

    def for_call(self, service: str, action: str) -> Fault | None:
        """Take a `fail_aws` fault for this call, if one waits."""
        if not self._waiting:
            return None
        return self._take(
            lambda f: f.kind == "fail_aws" and f.action == action and f.service in ("", service)
        )

    def _take(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for fault in self._waiting:
                if wanted(fault):
                    fault.count -= 1
                    if fault.count == 0:
                        self._waiting.remove(fault)
                    return fault
        return None
