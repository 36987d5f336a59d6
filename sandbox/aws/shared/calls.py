"""How often each AWS action was called, what its callers need, and the last calls one by one. Thread-safe.

What SageMaker needs of a role that it was given is kept beside that, by the role's ARN.
"""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from threading import Lock

from sandbox.aws.shared.permissions import Permission
from sandbox.aws.shared.policies import Policies
from sandbox.core.asgi import Scope

RECENT = 50
"""Calls that are remembered one by one."""


class Calls:
    """Counts of AWS calls, and the last of them."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, str, str]] = deque(maxlen=RECENT)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._needs: defaultdict[str, set[Permission]] = defaultdict(set)
        self._lock = Lock()
        self.policies = Policies()

    def add(self, service: str, action: str) -> None:
        """Count one call."""
        with self._lock:
            self._counts[service, action] += 1
            self._recent.append((time.time(), service, action))

    def note(self, permissions: Iterable[Permission], role: str = "") -> None:
        """Remember what a call's caller needs there, or what SageMaker needs of a role."""
        with self._lock:
            self._needs[role].update(permissions)

    def need(self, scope: Scope, service: str, permissions: set[Permission]) -> None:
        """As `note`; raises BadRequest where the caller's policies do not allow it."""
        self.note(permissions)
        self.policies.check(scope, service, permissions)

    def needs(self, role: str = "") -> dict[str, list[str]]:
        """What all callers needed, or SageMaker of a role: resources by IAM's action."""
        with self._lock:
            needs = sorted(self._needs.get(role, ()))
        found: dict[str, list[str]] = {}
        for action, resource in needs:
            found.setdefault(action, []).append(resource)
        return found

    def reset(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._counts.clear()
            self._needs.clear()
            self._recent.clear()

    def recent(self) -> list[dict[str, str]]:
        """The last calls, oldest first, with their time in UTC."""
        with self._lock:
            calls = list(self._recent)
        return [
            {
                "time": f"{datetime.fromtimestamp(at, UTC):%H:%M:%S.%f}"[:-3],
                "service": service,
                "action": action,
            }
            for at, service, action in calls
        ]

    def by_service(self) -> dict[str, dict[str, int]]:
        """`{"sagemaker": {"UpdateEndpoint": 1}}`."""
        with self._lock:
            counts = dict(self._counts)
        result: dict[str, dict[str, int]] = {}
        for (service, action), number in sorted(counts.items()):
            result.setdefault(service, {})[action] = number
        return result
