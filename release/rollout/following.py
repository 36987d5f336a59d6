"""Whether the stack has to follow when pins change. It asks nobody and changes nothing."""

from release.domain import plan
from release.domain.health.serving import Watched
from release.domain.health.told import Health, health
from release.domain.pins import Pins
from release.ports import StagePorts
from release.rollout.autoscaling import Autoscaling


def same_stack(ports: StagePorts, endpoint: str, scaling: Autoscaling, one: Pins, other: Pins) -> bool:
    """Whether `pulumi up` has nothing to make, change or delete between these pins of an endpoint."""
    if ports.former or not scaling.declared_alike(one, other):
        return False  # an earlier program made more than pins name today
    plans = [plan.endpoint_plan(ports.name, endpoint, pins) for pins in (one, other)]
    if not plan.same_things(*plans) or _health(ports, endpoint, one) != _health(ports, endpoint, other):
        return False
    # An endpoint with a way back is protected from deletion in a protected stage: `infra/stack.py`.
    return (one.previous is None) == (other.previous is None) or not ports.settings.protect


def _health(ports: StagePorts, endpoint: str, pins: Pins) -> Health:
    """The alarms and the dashboard that the endpoint has with these pins."""
    settings = ports.settings.endpoints[endpoint].model_copy(update=dict(pins))
    return health(Watched(ports.name, endpoint, settings))
