"""A stack in memory: makes what the pins ask for, deletes what they do not name, and moves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from release.domain import plan
from release.domain.deployment import alarm_names
from release.domain.errors import ApplyFailed
from release.domain.pins import EndpointSettings, Pins, Proposed
from release.domain.plan import Split
from release.domain.planned import Change
from release.domain.proposal import Edit
from release.domain.scaling import scaling
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.trouble import Trouble

Thing = TypeVar("Thing")


@dataclass
class FakeStageFile:
    """A stage's pins: what the next command and the next `pulumi up` read."""

    trouble: Trouble
    endpoints: dict[str, EndpointSettings]

    def pins(self, endpoint: str) -> Pins:
        """The pins now."""
        return self.endpoints[endpoint].pins

    def write(self, endpoint: str, pins: Pins) -> None:
        """Set the pins."""
        self.trouble.moment("write")
        changed = {"live": pins.live, "candidate": pins.candidate, "previous": pins.previous}
        changed |= {} if pins.candidate else {"proposed": None}
        self.endpoints[endpoint] = self.endpoints[endpoint].model_copy(update=changed)
        self.trouble.moment()

    def proposing(self, endpoint: str, proposed: Proposed) -> Edit:
        """A line for the proposal."""
        return Edit("Pulumi.yaml", "", f"{endpoint}: {proposed.model_dump_json(exclude_defaults=True)}\n")


@dataclass
class FakeStack:
    """The stack of one stage. What it has made is what SageMaker has; `splits` are of candidates."""

    stage: str
    trouble: Trouble
    file: FakeStageFile
    sagemaker: FakeSageMaker
    splits: tuple[Split, ...] = ()
    ups: int = 0
    refusal: Exception | None = None
    """What `pulumi up` fails with before it makes anything."""
    unready: Exception | None = None
    """What keeps `pulumi up` from even beginning."""
    knows: bool = True
    """Whether the endpoint is in the stack's state: one whose create failed is not, at times."""
    deleted: list[str] = field(default_factory=list)
    previewed: Sequence[Change] | Exception | None = ()
    """What a preview says; None where there is no such stack."""

    def preview(self) -> Sequence[Change] | None:
        """As set."""
        if isinstance(self.previewed, Exception):
            raise self.previewed
        return self.previewed

    def ready(self) -> None:
        """As set."""
        if self.unready is not None:
            raise self.unready

    def up(self, endpoint: str | None = None) -> None:
        """`pulumi up`: creates one by one, then deletes one by one; it can die between any two."""
        self.ups += 1
        self.trouble.moment("up")
        if self.refusal is not None:
            raise self.refusal
        aws = self.sagemaker
        plans = [
            plan.endpoint_plan(self.stage, name, settings.pins, self.splits)
            for name, settings in self.file.endpoints.items()
        ]
        watched = [wanted.watched.name for wanted in plans if wanted.watched]
        for name, wanted in zip(self.file.endpoints, plans, strict=True):
            aws.alarms |= {alarm for config in watched for alarm in alarm_names(config)}
            aws.models |= _made(aws.models, {model.name: model for model in wanted.models})
            self.trouble.moment()
            aws.configs |= _made(aws.configs, {config.name: config for config in wanted.configs})
            self.trouble.moment()
            if wanted.first and wanted.endpoint not in aws.endpoints:
                aws.create(wanted.endpoint, wanted.first)
                if aws.endpoints[wanted.endpoint].status == "Failed":
                    raise ApplyFailed("unexpected state 'Failed'")
            self._scale(wanted.endpoint, self.file.endpoints[name] if wanted.first else None)
            if self.knows and wanted.first is None and wanted.endpoint in aws.endpoints:
                del aws.endpoints[wanted.endpoint]
            self.trouble.moment()
        aws.alarms = {alarm for config in watched for alarm in alarm_names(config)}
        for kind, keep in (
            (aws.configs, {config.name for wanted in plans for config in wanted.configs}),
            (aws.models, {model.name for wanted in plans for model in wanted.models}),
        ):
            for name in [name for name in kind if name not in keep]:
                del kind[name]
                self.deleted.append(name)
                self.trouble.moment()

    def _scale(self, endpoint: str, settings: EndpointSettings | None) -> None:
        """The target and the policy as the data has them; a refresh finds what was taken away."""
        aws, asked = self.sagemaker, None
        if settings is not None:
            on = settings.live.type if settings.live else None
            asked = scaling(settings.instances, on or settings.instances.type)
        for there, wanted in ((aws.targets, asked), (aws.policies, asked and asked.invocations)):
            if wanted is None:
                there.discard(endpoint)
            else:
                there.add(endpoint)
            self.trouble.moment()


def _made(there: Mapping[str, Thing], wanted: Mapping[str, Thing]) -> Mapping[str, Thing]:
    """What is wanted; no name may come to mean something else, as Pulumi would delete what it means first."""
    for name in there.keys() & wanted.keys():
        assert there[name] == wanted[name], f"{name} would be replaced"
    return wanted
