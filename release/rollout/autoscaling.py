"""Autoscaling of the live variant while its instance type changes, which SageMaker refuses under a target.

It is taken away right before such an update, and given back as the stage's data has it once the fleet serves.
No rollout ends before: whoever goes on with one that died gives it back.
"""

from release.domain import names
from release.domain.landed import Description
from release.domain.pins import Pins
from release.domain.plan import ConfigPlan
from release.domain.scaling import scaling
from release.ports import Event, StagePorts, Tell


class Autoscaling:
    """That of one endpoint, by its name in the stage's data."""

    def __init__(self, ports: StagePorts, endpoint: str, tell: Tell) -> None:
        self._endpoints = ports.endpoints
        self._instances = ports.settings.endpoints[endpoint].instances
        self._name = names.endpoint(endpoint, ports.name)
        self._tell = tell

    def make_way(self, config: ConfigPlan, description: Description) -> None:
        """Take it away where `config` serves live on another type than now, or nobody knows on which."""
        now = self._endpoints.instance_types(str(description.get("EndpointConfigName")))
        if now.get(names.LIVE) == _serves_on(config):
            return
        self._tell(
            Event(f"{_serves_on(config)} is another fleet: no autoscaling until it serves", detail=True)
        )
        self._endpoints.end_scaling(self._name)

    def give_back(self, config: ConfigPlan, held: bool) -> None:
        """Give it back where it is away, while `config` serves; `held` where live may lose no instance."""
        asked = scaling(self._instances, _serves_on(config))
        if asked is not None:
            self._endpoints.begin_scaling(self._name, asked, held)

    def declared_alike(self, one: Pins, other: Pins) -> bool:
        """Whether the stage's program declares it with both pins, or with neither."""
        types = [pins.live.type or self._instances.type for pins in (one, other) if pins.live]
        return len({scaling(self._instances, serves_on) is None for serves_on in types}) < 2

    def free(self, config: ConfigPlan) -> None:
        """Let it work as before the rollout."""
        self.give_back(config, held=False)
        self._endpoints.free_scaling(self._name)


def _serves_on(config: ConfigPlan) -> str:
    return next(variant.instance_type for variant in config.production if variant.name == names.LIVE)
