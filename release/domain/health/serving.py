"""What a stage's data says of an endpoint that is watched, as its alarms need it. Pure."""

from dataclasses import dataclass

from release.domain import names, scaling
from release.domain.monitoring import Objectives
from release.domain.pins import EndpointSettings
from release.domain.scaling import Scaling


@dataclass(frozen=True)
class Watched:
    """One endpoint of a stage."""

    stage: str
    name: str
    """By its name in the stage's file."""
    settings: EndpointSettings

    @property
    def endpoint(self) -> str:
        """Its name in SageMaker."""
        return names.endpoint(self.name, self.stage)

    @property
    def objectives(self) -> Objectives:
        """What its callers may expect."""
        return self.settings.monitoring.objectives

    @property
    def roles(self) -> tuple[str, ...]:
        """The variants that are watched: live always, a candidate while it is pinned beside it.

        Not one in live's shadow: no caller gets its answers, and the judge alone asks how good they are.
        """
        candidate, shadow = self.settings.candidate, self.settings.rollout.strategy == "shadow"
        beside = candidate is not None and candidate.beside and self.settings.live is not None
        return (names.LIVE, names.CANDIDATE) if beside and not shadow else (names.LIVE,)

    @property
    def serves_on(self) -> str:
        """The instance type of the live fleet."""
        live = self.settings.live
        return live.type if live and live.type else self.settings.instances.type

    @property
    def scaling(self) -> Scaling | None:
        """Between which counts its live fleet scales."""
        return scaling.scaling(self.settings.instances, self.serves_on)

    @property
    def least_instances(self) -> int:
        """So many instances serve the live release, whatever the load."""
        live, scaled = self.settings.live, self.scaling
        return scaled.least if scaled else live.capacity if live else 1

    def dimensions(self, role: str) -> dict[str, str]:
        """What CloudWatch calls a variant of it."""
        return {"EndpointName": self.endpoint, "VariantName": role}

    def alarm(self, role: str, what: str) -> str:
        """The name of an alarm about a variant: `delays-prod-live-errors-fast-1h`."""
        return names.alarm(self.endpoint, f"{role}-{what}")


def vcpus(instance_type: str) -> int:
    """The vCPUs of a SageMaker instance type: two up to `large`, and four for each `xlarge`."""
    size = instance_type.rpartition(".")[2]
    times = size.removesuffix("xlarge")
    return 2 if times == size else 4 * int(times or 1)
