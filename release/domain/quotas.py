"""Service quotas: how many instances of a type an account may have for its endpoints. Pure.

Many accounts begin with none of a type ("Amazon SageMaker AI endpoints and quotas" in AWS's general
reference); CreateEndpoint is then refused, after everything else was made. So it is asked before.
"""

from collections.abc import Callable
from dataclasses import dataclass

from release.domain.pins import EndpointSettings

SERVICE = "sagemaker"


class NotTold(Exception):
    """AWS did not say what a quota is; the text is why."""


@dataclass(frozen=True)
class Quota:
    """One quota of the account in the stage's region, as Service Quotas has it."""

    name: str
    code: str
    value: float


Ask = Callable[[str, float], Quota | None]
"""Asks for SageMaker's quota of a name in a stage's account and region; None where there is none.

It takes so many seconds at most. Raises NotTold.
"""


def endpoint_usage(instance_type: str) -> str:
    """The name of the quota that endpoints on this type need."""
    return f"{instance_type} for endpoint usage"


def first_fleet(settings: EndpointSettings) -> int:
    """How many instances the next rollout needs of a type that the endpoint does not run on yet; else 0.

    What runs already shows that there is a quota.
    """
    live, asked = settings.pins.live, settings.instances
    if live is not None and live.type == asked.type:
        return 0
    return min(max(live.capacity if live else asked.min, asked.min), asked.max)


def shortage(quota: Quota, needed: int) -> str | None:
    """Why `needed` instances could not come to be, or None."""
    if needed <= quota.value:
        return None
    return f"the account's quota {quota.name!r} is {quota.value:g}, and {needed} {_instances(needed)} needed"


def how_to_ask(quota: Quota, needed: int, region: str) -> str:
    """The command that asks AWS for as many as an update has at once: the old fleet, and the new one."""
    return (
        f"aws service-quotas request-service-quota-increase --region {region} --service-code {SERVICE} "
        f"--quota-code {quota.code} --desired-value {2 * needed}"
    )


def _instances(count: int) -> str:
    return "instance is" if count == 1 else "instances are"
