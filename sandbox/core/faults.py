"""Faults on request: what should go wrong, for whom, and how often.

A fault is taken when its moment comes and vanishes after `count` times; a lasting one, whose count is 0, goes
on until it is removed. Thread-safe: AWS calls come from moto's threads, deployments from the event loop.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import count
from random import random
from threading import Lock
from typing import Any

KINDS: dict[str, str] = {
    "silent_rollback": "the next UpdateEndpoint of `endpoint` ends InService on the old config; "
    "`reason` becomes its FailureReason (default: none, as the service sometimes leaves it)",
    "rollback_failed": "the next UpdateEndpoint of `endpoint` is rolled back and that fails too: "
    "UpdateRollbackFailed, with traffic on both configs; `reason` becomes its FailureReason",
    "system_update": "`endpoint` is patched now: SystemUpdating for at least `seconds`, on new instances",
    "slow_ping": "new instances of `endpoint` pass their ping only after `seconds`",
    "hold": "what goes on at `endpoint` ends only once this fault is removed: new instances pass no ping, "
    "a rollback stays RollingBack; lasting",
    "fail_ping": "new instances of `endpoint` never pass their ping",
    "insufficient_capacity": "the next CreateEndpoint or UpdateEndpoint of `endpoint` finds no instances",
    "quota_exceeded": "the next CreateEndpoint or UpdateEndpoint of `endpoint` is refused with "
    "ResourceLimitExceeded: the account's quota for its instance type is 0",
    "quota": "the account may have `instances` (0) of each type for its endpoints: Service Quotas says so, "
    "and CreateEndpoint and UpdateEndpoint refuse more; lasting",
    "image_denied": "the execution role may not pull the image of the next deployment of `endpoint`",
    "key_denied": "the execution role may not decrypt the model data of the next deployment of `endpoint`",
    "crash_after": "the server that gets the `requests`-th invocation from now on dies before it answers",
    "invoke_errors": "a `rate` of invocations is answered `status` by the container (500); lasting",
    "invoke_latency": "a `rate` of invocations takes `seconds` more; lasting",
    "capture_lost": "a `rate` of the requests that are to be captured is not, and nothing says so; lasting",
    "fail_aws": "a `rate` of calls of `action`, or of all actions of `service`, fails with error `code`, "
    "HTTP `status`, and `reason` as its message",
    "eventual_consistency": "models, configs, endpoints and roles are not there yet for `seconds` after they "
    "were created; lasting",
    "no_last_deployment_config": "DescribeEndpoint of `endpoint` leaves LastDeploymentConfig out, as the "
    "service sometimes does; lasting",
    "clock_skew": "AWS's clock is `seconds` ahead (or behind) of the machine's; calls signed more than five "
    "minutes off are refused; lasting",
    "interrupt_training": "the spot instance of training job `job` is taken now, and another one is there "
    "after `seconds` (0): Interrupted, then it starts anew with its checkpoints",
    "registry_outage": "the registry answers 503 and images cannot be pulled; lasting",
}
"""Every kind of fault and what it does."""

LASTING = {
    "quota",
    "hold",
    "invoke_errors",
    "invoke_latency",
    "capture_lost",
    "eventual_consistency",
    "no_last_deployment_config",
    "clock_skew",
    "registry_outage",
}
"""Kinds that go on until they are removed, unless they come with a count."""

_NEED_SECONDS = {"slow_ping", "invoke_latency", "eventual_consistency", "clock_skew"}


class BadFault(ValueError):
    """A request for a fault that is not valid; the message says why, and which kinds or members there are."""


@dataclass
class Fault:
    """One fault. Empty `endpoint`, `variant`, `config`, `service` and `action` match all."""

    kind: str
    count: int = 1
    endpoint: str = ""
    variant: str = ""
    config: str = ""
    """An endpoint config: where two fleets of a variant serve, the one that is meant."""
    job: str = ""
    """A training job."""
    service: str = ""
    action: str = ""
    code: str = "ThrottlingException"
    status: int = 0
    seconds: float = 0.0
    rate: float = 1.0
    requests: int = 1
    instances: int = 0
    reason: str = ""
    id: int = field(default=0)

    def meets(self, endpoint: str, variant: str = "", config: str = "") -> bool:
        """Whether it is meant for this endpoint, variant and config."""
        return (
            self.endpoint in ("", endpoint) and self.variant in ("", variant) and self.config in ("", config)
        )


_NUMBERS: dict[str, type] = {
    **dict.fromkeys(("count", "status", "requests", "instances"), int),
    **dict.fromkeys(("seconds", "rate"), float),
}
_ALLOWED = {member.name for member in fields(Fault)} - {"id"}


def parse_fault(data: Mapping[str, Any]) -> Fault:
    """A fault from a JSON object. Raises BadFault."""
    kind = data.get("kind")
    if kind not in KINDS:
        raise BadFault(f"unknown kind {kind!r}; there are: {', '.join(KINDS)}")
    unknown = set(data) - _ALLOWED
    if unknown:
        raise BadFault(f"unknown members {sorted(unknown)}; there are: {', '.join(sorted(_ALLOWED))}")
    members: dict[str, Any] = {"count": 0 if kind in LASTING else 1, **data}
    for name, number in _NUMBERS.items():
        if name in members:
            try:
                members[name] = number(members[name])
            except (TypeError, ValueError, OverflowError) as error:
                raise BadFault(f"{name} is a {'whole ' * (number is int)}number: {error}") from error
    fault = Fault(**members)
    _check(fault)
    return fault


def _check(fault: Fault) -> None:
    text = (
        fault.endpoint,
        fault.variant,
        fault.config,
        fault.job,
        fault.service,
        fault.action,
        fault.code,
        fault.reason,
    )
    if not all(isinstance(value, str) for value in text):
        raise BadFault("endpoint, variant, config, job, service, action, code and reason are texts")
    if fault.count < 0:
        raise BadFault("count must be at least 1, or 0 for a fault that lasts until it is removed")
    if not 0 < fault.rate <= 1:
        raise BadFault("rate is above 0 and at most 1")
    if fault.instances < 0:
        raise BadFault("instances is at least 0")
    if fault.requests < 1:
        raise BadFault("requests must be at least 1")
    if fault.kind in _NEED_SECONDS and fault.seconds == 0:
        raise BadFault(f"{fault.kind} needs seconds")
    if not abs(fault.seconds) <= 7 * 86400 or (fault.seconds < 0 and fault.kind != "clock_skew"):
        raise BadFault("seconds is at most a week, and below 0 for clock_skew alone")
    if fault.instances < 0:
        raise BadFault("instances is at least 0")
    if fault.kind == "fail_aws" and not (fault.action or fault.service):
        raise BadFault("fail_aws needs an action, such as UpdateEndpoint, or a service, such as s3")
    if fault.kind == "system_update" and not fault.endpoint:
        raise BadFault("system_update needs an endpoint")
    if fault.kind == "interrupt_training" and not fault.job:
        raise BadFault("interrupt_training needs a job")
    if fault.status and not 400 <= fault.status <= 599:
        raise BadFault("status is an HTTP error: 400 to 599")


class Faults:
    """The faults that wait for their moment, and those that last."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._ids = count(1)
        self._served: Counter[int] = Counter()
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

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def lasting(self, kind: str, service: str = "") -> Fault | None:
        """The newest fault of `kind` that is on for `service`, without using it up."""
        return next(
            (f for f in reversed(self._waiting) if f.kind == kind and f.service in ("", service)), None
        )

    def for_endpoint(self, kind: str, endpoint: str, variant: str = "", config: str = "") -> Fault | None:
        """Take a fault of `kind` that is meant for this endpoint (and variant, and config), if one waits."""
        return self._take(lambda f: f.kind == kind and f.meets(endpoint, variant, config))

    def crash_due(self, endpoint: str, variant: str, config: str) -> bool:
        """Count one invocation; True for the one that a `crash_after` fault waits for."""

        def due(fault: Fault) -> bool:
            if fault.kind != "crash_after" or not fault.meets(endpoint, variant, config):
                return False
            self._served[fault.id] += 1
            return self._served[fault.id] % fault.requests == 0

        return self._take(due) is not None

    def for_outage(self) -> bool:
        """Take a `registry_outage` fault: the registry does not answer this time."""
        return self._take(lambda f: f.kind == "registry_outage") is not None

    def for_call(self, service: str, action: str, endpoint: str = "") -> Fault | None:
        """Take a `fail_aws` fault for this call, if one waits; `endpoint` is known for invocations."""
        return self._take(
            lambda f: (
                f.kind == "fail_aws"
                and f.action in ("", action)
                and f.service in ("", service)
                and f.endpoint in ("", endpoint)
            )
        )

    def _take(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        if not self._waiting:
            return None
        with self._lock:
            for fault in self._waiting:
                if wanted(fault) and (fault.rate >= 1 or random() < fault.rate):  # noqa: S311
                    if fault.count:
                        fault.count -= 1
                        if fault.count == 0:
                            self._waiting.remove(fault)
                    return fault
        return None
