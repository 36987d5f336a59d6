"""Pins: which release an endpoint serves in a stage, as data.

The values here are frozen and checked on construction. Reading and writing the stage's YAML is
`release/adapters/stage_file.py`; what a pin means in SageMaker is `release/domain/plan.py`.
"""

import itertools
import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from release.domain.capture import Capture
from release.domain.container import Environment, OwnVariables, Workers
from release.domain.errors import UsageError
from release.domain.hours import Hours
from release.domain.monitoring import MonitoringSettings
from release.domain.values import Data as Data

ReleaseId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
EndpointName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=30)]
InstanceType = Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]

PIN_ROLES = ("live", "candidate", "previous")
"""The keys of an endpoint under which a stage names a release."""

_IMAGE = re.compile(r"^(?P<repository>[a-z0-9.:_/-]+)@(?P<digest>sha256:[0-9a-f]{64})$")


def _in_order(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(ids)))


SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-zA-Z]+$", max_length=32)]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-zA-Z]+$", max_length=32)]


class Vpc(Data):
    """Where in a network of the account's own an endpoint's instances are.

    Limits: VpcConfig in SageMaker's API reference. The order means nothing, so it is always the same.
    """

    subnets: Annotated[tuple[SubnetId, ...], Field(min_length=1, max_length=16), AfterValidator(_in_order)]
    """The subnets; two at least, in different zones, keep an endpoint up when one zone fails."""
    security_groups: Annotated[
        tuple[SecurityGroupId, ...], Field(min_length=1, max_length=5), AfterValidator(_in_order)
    ]
    """The security groups; S3, ECR and CloudWatch Logs have to be reachable from them."""


class Placed(Data):
    """One release in a stage: its image and its artifact, where the stage has them."""

    release: ReleaseId
    """The release's id."""
    image: str
    """Its image, in this stage's registry: `<repository>@sha256:<digest>`."""
    model: str
    """Its model artifact, in this stage's bucket: `s3://<bucket>/<key>.tar.gz`."""
    sha256: Sha256
    """The artifact's SHA-256."""

    @field_validator("image")
    @classmethod
    def _by_digest(cls, value: str) -> str:
        if not _IMAGE.match(value):
            raise ValueError("an image is pinned by digest: <repository>@sha256:<64 hexadecimal digits>")
        return value

    @field_validator("model")
    @classmethod
    def _in_s3(cls, value: str) -> str:
        if not re.match(r"^s3://[a-z0-9.-]+/.+\.tar\.gz$", value):
            raise ValueError("a model artifact is s3://<bucket>/<key>.tar.gz")
        return value

    @property
    def digest(self) -> str:
        """`sha256:…` of the image's manifest."""
        return self.image.rpartition("@")[2]


class ReleasePin(Placed):
    """One release, as deployed in a stage: what runs, and the shape of the fleet that runs it.

    `capacity` is the instance count that its endpoint config starts with, `type` the instance type. Both are
    part of the pin, as are `environment`, `vpc` and `capture`, so that a changed setting never renames what
    serves; without a `type` it is the one of the endpoint's settings.
    """

    capacity: Annotated[int, Field(ge=1, le=1000)] = 1
    """Instances that its endpoint config starts with."""
    type: InstanceType | None = None
    """What it runs on; that of `instances` where it is left out."""
    environment: Environment = Field(default_factory=dict)
    """The variables that its model was made with; none in what an earlier version rolled out."""
    vpc: Vpc | None = None
    """The network that its model was made for."""
    capture: Capture | None = None
    """What its endpoint config captures."""
    beside: bool = False
    """Of a candidate: it gets configs in which it stands beside live, and not only one to serve alone.

    It is part of the pin and not of the settings: those may change in the middle of a rollout.
    """


class Pins(Data):
    """The pins of one endpoint at one moment."""

    live: ReleasePin | None = None
    candidate: ReleasePin | None = None
    previous: ReleasePin | None = None

    @model_validator(mode="after")
    def _previous_needs_live(self) -> "Pins":
        if self.previous and not self.live:
            raise ValueError("`previous` is set without `live`: an endpoint cannot go back from nothing")
        return self

    @property
    def named(self) -> tuple[ReleasePin, ...]:
        """The releases that are named: live, candidate, previous, where they are set."""
        return tuple(pin for pin in (self.live, self.candidate, self.previous) if pin)

    def on(self, instance_type: str) -> "Pins":
        """The same pins, those without an instance type on this one."""
        changed = {
            role: pin.model_copy(update={"type": instance_type})
            for role in PIN_ROLES
            if (pin := getattr(self, role)) is not None and pin.type is None
        }
        return self.model_copy(update=changed)


def is_burstable(instance_type: str) -> bool:
    """Whether it is a type that Application Auto Scaling does not accept."""
    return re.match(r"^ml\.t\d", instance_type) is not None


class Instances(Data):
    """What an endpoint runs on, and the bounds within which autoscaling moves.

    The bounds hold at once, by `pulumi up`. The type holds for what is rolled out from now on; what is live
    already gets it by `./slipway apply`, as guarded as a release.
    """

    type: InstanceType = "ml.m7i.large"
    """What is rolled out from now on runs on this; `./slipway apply` moves what is live already."""
    min: Annotated[int, Field(ge=1, le=1000)] = 1
    """Autoscaling goes no lower."""
    max: Annotated[int, Field(ge=1, le=1000)] = 1
    """Autoscaling goes no higher; not below `min`, and the same for a burstable type (ml.t2, ml.t3)."""
    invocations_per_instance: Annotated[int, Field(ge=1)] = 3000
    """Target of the scaling policy, invocations per instance and minute."""

    @model_validator(mode="after")
    def _ordered(self) -> "Instances":
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        return self

    @property
    def scales(self) -> bool:
        """Whether there is anything to scale between."""
        return self.min < self.max


Strategy = Literal["all-at-once", "canary", "linear", "judged", "shadow"]


class Proposed(Placed):
    """A promotion that is proposed in a stage's file, and begins when that is merged (docs/proposals.md).

    By itself it makes, moves and deletes nothing. The next change of the endpoint's pins ends it.
    """

    source: str
    """The stage from which the release comes."""
    replaces: ReleaseId | None = None
    """What was live when it was proposed; none before an endpoint's first release."""
    skip: bool = False
    """Whether it leaves stages out, as `--skip` does."""
    reason: str = ""
    """Why, in a person's words; kept in the stage's ledger."""
    strategy: Strategy | None = None
    """Another way to move traffic than the stage's own, as `--strategy`."""


class RolloutSettings(Data):
    """How traffic moves to a new release.

    For all-at-once, canary and linear, SageMaker's blue/green update policy: `step_percent` of the capacity
    shifts at a time, `wait_seconds` pass between two shifts and `termination_seconds` after the last. Bounds:
    BlueGreenUpdatePolicy and TrafficRoutingConfig in SageMaker's API reference, and for the timeout the AWS
    provider's own. What they have to be beside each other is checked before something is released or
    provisioned (`release/domain/guardrails.py`), not here: the ledger holds rollouts of the past, too.

    For judged and shadow: the candidate gets each of `steps` per cent of the traffic in turn. A step is left
    when the judge says PASS, and not before `step_seconds`; one that the judge holds for `hold_seconds` is
    taken back. The release that serves alone at the end is watched for `bake_seconds` more.
    """

    strategy: Strategy = "judged"
    """How the traffic moves to a new release."""
    allow: tuple[Strategy, ...] = ()
    """Other strategies that `--strategy` may choose here."""
    step_percent: Annotated[int, Field(ge=1, le=50)] = 10
    """Canary and linear: the share of the capacity that shifts at a time; for linear at least 10.

    Both need at least two instances.
    """
    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """Canary and linear: between two shifts, watched by the alarms. Not below 240: they need that to ring."""
    termination_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """All-at-once, canary and linear: after the last shift, watched by the alarms, before the old fleet ends.

    Until then they take the update back within seconds. Not below 240; all-at-once may say 0, no watch.
    """
    timeout_seconds: Annotated[int, Field(ge=600, le=14400)] = 3600
    """How long SageMaker may take for one update, waits included, before it takes it back."""
    steps: Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], Field(min_length=1, max_length=20)] = (
        *(1, 5, 25, 50),
    )
    """Judged and shadow: per cent of the traffic that the candidate gets in turn; each more than the last."""
    step_seconds: Annotated[int, Field(ge=0, le=86_400)] = 120
    """Judged and shadow: no step is left sooner."""
    hold_seconds: Annotated[int, Field(ge=10, le=604_800)] = 14_400
    """Judged and shadow: a step that the judge holds for so long is taken back; not below `step_seconds`."""
    bake_seconds: Annotated[int, Field(ge=0, le=86_400)] = 600
    """Judged and shadow: how long the release that serves alone at the end is watched."""
    hours: Hours | None = None
    """When a step with more traffic may begin: `Mon-Fri 09:00-16:00 Europe/Berlin`; always if unset."""

    @model_validator(mode="after")
    def _decidable(self) -> "RolloutSettings":
        if any(one >= other for one, other in itertools.pairwise(self.steps)):
            raise ValueError(
                f"steps {', '.join(map(str, self.steps))} do not rise: each gives the candidate more traffic "
                "than the one before"
            )
        if self.hold_seconds < self.step_seconds:
            raise ValueError(
                f"hold_seconds ({self.hold_seconds}) is shorter than step_seconds ({self.step_seconds}): "
                "every step would be taken back before it may be left"
            )
        return self

    def up_to(self, percent: int) -> "RolloutSettings":
        """The same settings, with steps that end at a share of the traffic."""
        steps = (*(step for step in self.steps if step < percent), percent)
        return self.model_copy(update={"steps": steps})

    def by(self, strategy: Strategy | None) -> "RolloutSettings":
        """The same settings with another strategy (None: the stage's own).

        Raises UsageError where the data does not allow it.
        """
        if strategy is None or strategy == self.strategy:
            return self
        if strategy not in self.allow:
            allowed = ", ".join(dict.fromkeys((self.strategy, *self.allow)))
            raise UsageError(
                f"This endpoint's data does not allow the strategy {strategy!r}.",
                "Nothing was changed.",
                f"Use one of: {allowed}; or add it to `rollout: {{allow: [...]}}` of the endpoint.",
            )
        return self.model_copy(update={"strategy": strategy})


class Alarms(Data):
    """Bounds whose breach takes a guarded update back. Nobody is told: that is `monitoring.objectives`'."""

    errors_percent: Annotated[float, Field(gt=0, le=100)] = 1.0
    """Share of invocations answered with a 5xx, per minute."""
    latency_ms: Annotated[float, Field(gt=0)] = 500.0
    """99th percentile of the model's latency, milliseconds, per minute."""


class EndpointSettings(Pins):
    """Everything a stage's data says about one endpoint: its pins, and the settings beside them."""

    instances: Instances = Instances()
    workers: Workers = "auto"
    """Processes that serve in each container; `auto` is one for each of the instance's vCPUs."""
    environment: OwnVariables = Field(default_factory=dict)
    """Variables of the containers, `NAME: "value"`, none of SageMaker's or Slipway's own.

    As `workers` it holds for what is rolled out from now on; `./slipway apply` moves what is live already.
    """
    vpc: Vpc | None = None
    capture: Capture | None = None
    rollout: RolloutSettings = RolloutSettings()
    alarms: Alarms = Alarms()
    monitoring: MonitoringSettings = MonitoringSettings()
    proposed: Proposed | None = None

    @property
    def pins(self) -> Pins:
        """The pins alone, each with its instance type."""
        return Pins(live=self.live, candidate=self.candidate, previous=self.previous).on(self.instances.type)
