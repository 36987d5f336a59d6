"""A release as other systems are told of it: what a stage serves, and its way back, read from its pins. Pure.

A format (`integrations/NAME/export.py`) writes this value in the words of one system. It holds what is pinned
and nothing that was looked up, so the same pins and manifests always write the same files.
"""

from dataclasses import dataclass

from release.domain import names, regions, scaling
from release.domain.manifest import Manifest
from release.domain.pins import EndpointSettings, ReleasePin
from release.domain.plan import ConfigPlan, ModelPlan, config_plan, model_plan
from release.domain.stage import TrainingSettings


@dataclass(frozen=True)
class ExportedRelease:
    """One release of an endpoint: its pin and its manifest, and what both mean in SageMaker."""

    pin: ReleasePin
    """Image by digest, artifact and its SHA-256, instance type and count, environment, network, capture."""
    manifest: Manifest
    """Input schema, evaluation, gates, golden requests' checksum."""
    model: ModelPlan
    """The model that SageMaker holds, by its content's name."""
    config: ConfigPlan
    """The endpoint config in which it serves alone: its variants with type, count and weight."""
    fenced: bool = False
    """Whether it is marked bad. Live never is: of that an export is refused."""


@dataclass(frozen=True)
class ExportedEndpoint:
    """One endpoint that serves: its releases, and the settings beside its pins."""

    name: str
    """In the stage's file: `delays`."""
    served_as: str
    """In SageMaker: `delays-prod`."""
    settings: EndpointSettings
    """Instances and their bounds, how traffic moves, the guardrails' alarms."""
    live: ExportedRelease
    previous: ExportedRelease | None = None

    @property
    def releases(self) -> tuple[ExportedRelease, ...]:
        """Live and, where there is one, previous."""
        return (self.live, self.previous) if self.previous else (self.live,)

    @property
    def key(self) -> str:
        """The key of the stage's data that names it."""
        return f"slipway:endpoints.{self.name}"

    @property
    def way_back(self) -> ExportedRelease | None:
        """The previous release, where nobody marked it bad."""
        return self.previous if self.previous and not self.previous.fenced else None

    @property
    def fixed(self) -> int | None:
        """How many instances it has; None where an autoscaler says it, between its bounds."""
        bounds = scaling.scaling(self.settings.instances, self.live.config.production[0].instance_type)
        if bounds is None:
            return self.live.pin.capacity
        return None if bounds.invocations else bounds.least


@dataclass(frozen=True)
class Exported:
    """A stage: every endpoint that serves, in the order of its file."""

    stage: str
    account: str
    region: str
    endpoints: tuple[ExportedEndpoint, ...]
    training: TrainingSettings | None = None
    """What a training of the stage runs on; None where none does."""

    @property
    def role_arn(self) -> str:
        """The role that the stage's models have."""
        partition = regions.partition(self.region) or "aws"
        return f"arn:{partition}:iam::{self.account}:role/{names.execution_role(self.stage, self.region)}"

    @property
    def origin(self) -> str:
        """A line for the head of a file: where it comes from, and where it is to be changed."""
        return f"Written by ./slipway export {self.stage} from Pulumi.{self.stage}.yaml: change it there."


def exported_release(
    stage: str, endpoint: str, pin: ReleasePin, manifest: Manifest, fenced: bool = False
) -> ExportedRelease:
    """A pinned release of an endpoint; the pin has its instance type (`Pins.on`)."""
    model, config = model_plan(stage, endpoint, pin), config_plan(stage, endpoint, pin)
    return ExportedRelease(pin, manifest, model, config, fenced)
