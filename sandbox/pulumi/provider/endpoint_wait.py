"""How the provider waits for a SageMaker endpoint, in two ways: as it was released, and as it is proposed.

`released` is what Terraform's AWS provider does, which pulumi-aws embeds (`waitEndpointInService` in its
`internal/service/sagemaker/endpoint.go`): an endpoint that it finds RollingBack is an error at once, and one
that is InService is a success, whatever config it is on. `checking` is its pull request 49020: it waits
through RollingBack, and an update that ended on another config than it asked for is an error.
SLIPWAY_AWS_PROVIDER_WAIT chooses; unset means `released`.
"""

import os
from collections.abc import Mapping
from enum import Enum
from typing import Any

VARIABLE = "SLIPWAY_AWS_PROVIDER_WAIT"

SECONDS = 3600.0
"""How long the real provider waits for an endpoint, whatever `custom_timeouts` say."""

_PENDING = frozenset({"Creating", "Updating", "SystemUpdating"})
_IN_SERVICE = "InService"


class Wait(Enum):
    """Which provider's wait."""

    RELEASED = "released"
    CHECKING = "checking"


def chosen(environ: Mapping[str, str] = os.environ) -> Wait:
    """The way that the environment chooses. Raises ValueError for one that there is not."""
    return Wait(environ.get(VARIABLE) or Wait.RELEASED.value)


def is_settled(wait: Wait, found: Mapping[str, Any]) -> bool:
    """Whether the wait ends with this answer of DescribeEndpoint."""
    pending = _PENDING | ({"RollingBack"} if wait is Wait.CHECKING else set())
    return found["EndpointStatus"] not in pending


def problem(wait: Wait, found: Mapping[str, Any], asked: str | None) -> str | None:
    """What is wrong with the answer that ended the wait, in the provider's words; `asked` is of an update."""
    status, reason = found["EndpointStatus"], found.get("FailureReason")
    if status != _IN_SERVICE:
        # The provider formats an error that is not there as Go does.
        last = reason or "%!s(<nil>)"
        return f"unexpected state '{status}', wanted target '{_IN_SERVICE}'. last error: {last}"
    serves = found.get("EndpointConfigName")
    if wait is Wait.CHECKING and asked not in (None, serves):
        why = f": {reason}" if reason else ""
        return f"it serves {serves}, not {asked} as asked: it was rolled back{why}"
    return None
