"""Which AWS service and action a request is, and how often each was called.

Thread-safe for counting. The names are botocore's: service `sagemaker`, action `UpdateEndpoint`.
"""

import re
import time
from collections import Counter, deque
from datetime import UTC, datetime
from threading import Lock
from urllib.parse import parse_qs

from sandbox.core.asgi import Scope, header
from sandbox.rest_actions import rest_action

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
_RPC_V2 = re.compile(r"/service/[^/]+/operation/(?P<action>\w+)")
_ALIASES = {"monitoring": "cloudwatch", "email": "ses", "states": "stepfunctions"}
"""Signing names that are not botocore's names."""

_UNSIGNED = {"AssumeRoleWithSAML": "sts", "AssumeRoleWithWebIdentity": "sts"}
"""Actions that nobody signs, as they are how one comes to credentials."""

_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.(?:localhost|s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com)(?::\d+)?")


RECENT = 50
"""Calls that are remembered one by one."""


class Calls:
    """Counts of AWS calls, and the last of them."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, str, str]] = deque(maxlen=RECENT)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()

    def add(self, service: str, action: str) -> None:
        """Count one call."""
        with self._lock:
            self._counts[service, action] += 1
            self._recent.append((time.time(), service, action))

    def reset(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._counts.clear()
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


def identify(scope: Scope, body: bytes) -> tuple[str, str]:
    """Service and action of an AWS request; what cannot be told is an empty string."""
    service = _service(scope)
    if service == "sagemaker" and scope["path"] != "/":
        return _sagemaker_sibling(scope)
    if target := header(scope, b"x-amz-target"):
        return service, target.rpartition(".")[2]
    if match := _RPC_V2.fullmatch(scope["path"]):
        return service, match["action"]
    if header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode("latin-1")).get("Action", [""])[0]
        return service or _UNSIGNED.get(action, ""), action
    return service, _rest_action(scope, service)


def _sagemaker_sibling(scope: Scope) -> tuple[str, str]:
    """The services that sign as SageMaker and are told apart by their paths."""
    for service in (
        "sagemaker-runtime",
        "sagemaker-metrics",
        "sagemaker-featurestore-runtime",
        "sagemaker-edge",
    ):
        if action := _rest_action(scope, service):
            return service, action
    return "sagemaker", ""


def _rest_action(scope: Scope, service: str) -> str:
    raw_path: bytes | None = scope.get("raw_path")
    path = scope["path"] if raw_path is None else raw_path.decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    virtual = _VIRTUAL_HOST.fullmatch(header(scope, b"host")) if service == "s3" else None
    if virtual is not None:
        path = f"/{virtual['bucket']}{path}"
    names = frozenset(name.decode("latin-1") for name, _ in scope["headers"])
    return rest_action(service, scope["method"], path, query, names)


def _service(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    credential = header(scope, b"authorization") or query.replace("%2F", "/").replace("X-Amz-", "")
    match = _CREDENTIAL.search(credential)
    if match is None:
        return ""
    return _ALIASES.get(match["service"], match["service"])
