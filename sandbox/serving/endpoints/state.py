"""An endpoint as it stands: its status, the deployment that serves and where its traffic goes.

Owned by the sandbox's event loop. Holds no logic of how an endpoint changes; see `deployer`.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import random
from typing import Any

from sandbox.core.clock import now
from sandbox.serving.endpoints.spec import DeploymentSpec
from sandbox.serving.fleets.fleet import Fleet


class Status(StrEnum):
    """Those values of SageMaker's EndpointStatus that an endpoint of the sandbox can have."""

    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


BUSY = {Status.CREATING, Status.UPDATING, Status.SYSTEM_UPDATING, Status.ROLLING_BACK, Status.DELETING}
"""States in which every change is refused."""


class Phase(StrEnum):
    """How far a deployment under way is: SageMaker's VariantStatus."""

    CREATING = "Creating"
    ACTIVATING = "ActivatingTraffic"
    BAKING = "Baking"


@dataclass
class Deployment:
    """What runs for one spec: a fleet for each variant. The answers of shadow fleets reach no caller."""

    spec: DeploymentSpec
    fleets: dict[str, Fleet] = field(default_factory=dict)
    shadows: dict[str, Fleet] = field(default_factory=dict)
    started_at: datetime = field(default_factory=now)
    phase: Phase = Phase.CREATING
    phase_since: datetime = field(default_factory=now)

    @property
    def all_fleets(self) -> list[Fleet]:
        """Production and shadow fleets."""
        return [*self.fleets.values(), *self.shadows.values()]

    def enter(self, phase: Phase) -> None:
        """Go on to a phase."""
        if phase != self.phase:
            self.phase, self.phase_since = phase, now()


class Traffic:
    """Where the next request goes. Replaced as a whole whenever a share or a weight changes."""

    def __init__(self, shares: Sequence[tuple[float, Deployment]] = ()) -> None:
        self._deployments = [(share, deployment) for share, deployment in shares if share > 0]
        self._fleets: list[Fleet] = []
        self._bounds: list[float] = []
        total = 0.0
        for share, deployment in self._deployments:
            weights = sum(fleet.weight for fleet in deployment.fleets.values())
            for fleet in deployment.fleets.values():
                if fleet.weight > 0:
                    total += share * fleet.weight / weights
                    self._fleets.append(fleet)
                    self._bounds.append(total)

    def pick(self) -> Fleet | None:
        """A fleet, by weight; None when nothing takes traffic."""
        if len(self._fleets) == 1:
            return self._fleets[0]
        if not self._fleets:
            return None
        point = random() * self._bounds[-1]  # noqa: S311  a load balancer's dice, not a secret
        return self._fleets[min(bisect_right(self._bounds, point), len(self._fleets) - 1)]

    def target(self, variant: str) -> Fleet | None:
        """The fleet of a named variant, whatever its weight; by share while two deployments serve."""
        having = [(share, d.fleets[variant]) for share, d in self._deployments if variant in d.fleets]
        if not having:
            return None
        point = random() * sum(share for share, _ in having)  # noqa: S311
        for share, fleet in having:
            point -= share
            if point < 0:
                return fleet
        return having[-1][1]


@dataclass
class Endpoint:
    """One endpoint. The snake_case names are those that moto's own listing and tagging read."""

    account: str
    region: str
    endpoint_name: str
    arn: str
    tags: list[dict[str, str]]
    config_name: str
    endpoint_status: Status = Status.CREATING
    failure_reason: str | None = None
    creation_time: datetime = field(default_factory=now)
    last_modified_time: datetime = field(default_factory=now)
    live: Deployment | None = None
    pending: Deployment | None = None
    stranded: Deployment | None = None
    """What a failed rollback left serving beside `live`."""
    traffic: Traffic = field(default_factory=Traffic)
    traffic_shares: list[tuple[float, Deployment]] = field(default_factory=list)
    last_deployment_config: Mapping[str, Any] | None = None
    moved: Callable[["Endpoint"], None] | None = None
    """Hears of every status that it enters."""

    def move(self, status: Status) -> None:
        """Enter a status; the time of the change is kept."""
        self.endpoint_status = status
        self.last_modified_time = now()
        if self.moved is not None:
            self.moved(self)

    def route(self, *shares: tuple[float, Deployment]) -> None:
        """Send traffic to deployments by share."""
        self.traffic_shares = list(shares)
        self.reweigh()

    def reweigh(self) -> None:
        """Work the fleets' weights into the traffic."""
        self.traffic = Traffic(self.traffic_shares)

    @property
    def deployments(self) -> list[tuple[str, Deployment]]:
        """Everything that runs for it, by role: live, pending, stranded."""
        roles = (("live", self.live), ("pending", self.pending), ("stranded", self.stranded))
        return [(role, deployment) for role, deployment in roles if deployment is not None]

    def summary(self) -> dict[str, Any]:
        """One entry of ListEndpoints."""
        return {
            "EndpointName": self.endpoint_name,
            "EndpointArn": self.arn,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
            "EndpointStatus": self.endpoint_status.value,
        }
