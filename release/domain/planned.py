"""What `pulumi up` would do to the stages, and which of it touches what a pin names. Pure.

Pulumi replaces a thing by deleting it, so a replaced model is a way back that is gone for a while, and a
replaced bucket is gone for ever. What no pin names may go: that is what a rollout and a cleanup delete.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from release.domain import names, plan
from release.domain.errors import SlipwayError
from release.domain.pins import PIN_ROLES, EndpointSettings, Instances, Pins, Proposed, ReleasePin


class Deed(StrEnum):
    """What would be done to a resource."""

    CREATE = "create"
    CHANGE = "change"
    REPLACE = "replace"
    DELETE = "delete"


LOST = (Deed.REPLACE, Deed.DELETE)
"""After these the thing that was there is gone, whatever takes its place."""


@dataclass(frozen=True)
class Change:
    """What would be done to one resource of a stack."""

    deed: Deed
    type: str
    """Pulumi's type: `aws:sagemaker/model:Model`."""
    name: str
    """Its name in the program; of models, endpoint configs and endpoints that is SageMaker's too."""
    properties: tuple[str, ...] = ()
    """What of it differs; of a replacement, what makes it one."""

    @property
    def kind(self) -> str:
        """The last word of the type: `Model`."""
        return self.type.rpartition(":")[2]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Source(StrEnum):
    """Where it is written down that an endpoint has these pins."""

    FILE = "the stage's file"
    LEDGER = "the ledger"
    ROLLOUT = "the open rollout"


@dataclass(frozen=True)
class Named:
    """The pins of one endpoint, each with its instance type, and who says so."""

    endpoint: str
    source: Source
    pins: Pins


@dataclass(frozen=True)
class Naming:
    """One pin that needs a thing."""

    stage: str
    endpoint: str
    role: str
    """`live`, `candidate` or `previous`."""
    release: str
    source: Source

    def __str__(self) -> str:
        return f"{self.role} of {self.endpoint} in {self.stage} ({self.release}, by {self.source})"


@dataclass(frozen=True)
class Touched:
    """A change that would take away what pins name, and what to do about it."""

    change: Change
    named_by: tuple[Naming, ...]
    next_step: str


@dataclass(frozen=True)
class PinChange:
    """A pin that is another than it was: the release ids, None where there was or is none."""

    endpoint: str
    role: str
    before: str | None
    after: str | None
    fields: tuple[str, ...] = ()
    """What else of the same release's pin differs."""

    def __str__(self) -> str:
        same = f" ({', '.join(self.fields)} changed)" if self.fields else ""
        return f"{self.endpoint} {self.role}: {self.before or 'nothing'} → {self.after or 'nothing'}{same}"


@dataclass(frozen=True)
class StagePlan:
    """What would be done to one stage, or why that could not be told."""

    stage: str
    made: bool = True
    """Whether the stage has a stack; before that nothing of it can be looked at."""
    changes: tuple[Change, ...] = ()
    touched: tuple[Touched, ...] = ()
    pins: tuple[PinChange, ...] = ()
    failure: SlipwayError | None = None

    def count(self, deed: Deed) -> int:
        """How many resources this would be done to."""
        return sum(change.deed is deed for change in self.changes)


_FOUNDATION = {
    "aws:s3/bucket:Bucket": "storage",
    "aws:ecr/repository:Repository": "registry",
    "aws:kms/key:Key": "key",
    "aws:iam/role:Role": "role",
    "aws:iam/rolePolicy:RolePolicy": "role",
}
"""What every release of a stage needs, by type and name in the program: artifacts, images, what encrypts
them, and as whom they serve."""
_MODEL = "aws:sagemaker/model:Model"
_CONFIG = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
_ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
_ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

PROPOSED = "proposed"
"""The key of an endpoint under which a promotion is proposed: it names a release, and needs nothing yet."""

Key = tuple[str, str]
"""A resource by its type and its name in the program."""


def touched(stage: str, named: Sequence[Named], changes: Iterable[Change]) -> tuple[Touched, ...]:
    """Which of these changes would take away what a pin names."""
    namings = _namings(stage, named)
    in_file = {found.endpoint for found in named if found.source is Source.FILE}
    found = []
    for change in changes:
        by = namings.get((change.type, change.name), ()) if change.deed in LOST else ()
        if by:
            found.append(Touched(change, tuple(by), _next_step(change, by, in_file)))
    return tuple(found)


def endpoints_of(stage: str, changes: Iterable[Change]) -> frozenset[str]:
    """The endpoints that would lose something: the stage's file need not name them any more."""
    suffix, found = f"-{stage}", set()
    for change in changes:
        if change.deed in LOST and change.type in {_MODEL, _CONFIG, _ENDPOINT}:
            name = change.name if change.type == _ENDPOINT else names.parts(change.name)[0]
            found.add(name.removesuffix(suffix) if name.endswith(suffix) else "")
    return frozenset(found - {""})


def typed(pins: Pins, settings: Instances | None) -> Pins:
    """The pins with an instance type each; `settings` are the endpoint's, None where it has none any more."""
    return pins.on((settings or Instances()).type)


def pin_changes(
    before: Mapping[str, EndpointSettings], after: Mapping[str, EndpointSettings]
) -> tuple[PinChange, ...]:
    """Which pins differ, by endpoint: live first, last what is proposed."""
    none = EndpointSettings()
    return tuple(
        change
        for endpoint in sorted({*before, *after})
        for change in _differences(endpoint, before.get(endpoint, none), after.get(endpoint, none))
    )


def exit_code(plans: Iterable[StagePlan]) -> int:
    """1 where something pinned would be lost, else 4 where a stage could not be told, else 0."""
    plans = tuple(plans)
    if any(found.touched for found in plans):
        return 1
    return 4 if any(found.failure for found in plans) else 0


def _namings(stage: str, named: Sequence[Named]) -> Mapping[Key, list[Naming]]:
    found: dict[Key, list[Naming]] = {}
    for one in named:
        for role in PIN_ROLES:
            pin = getattr(one.pins, role)
            if pin is None:
                continue
            naming = Naming(stage, one.endpoint, role, pin.release, one.source)
            for key in _needs(stage, one, role, pin):
                known = found.setdefault(key, [])
                if not any(_says_the_same(naming, other) for other in known):
                    known.append(naming)
    return found


def _says_the_same(one: Naming, other: Naming) -> bool:
    """Whether both say the same of a thing: whoever says it first is enough."""
    return (one.endpoint, one.role, one.release) == (other.endpoint, other.role, other.release)


def _needs(stage: str, named: Named, role: str, pin: ReleasePin) -> Iterator[Key]:
    """Everything in the stack that a pinned release needs to serve, or to serve again."""
    endpoint = named.endpoint
    yield from _FOUNDATION.items()
    yield _ENDPOINT, names.endpoint(endpoint, stage)
    yield _MODEL, plan.model_plan(stage, endpoint, pin).name
    yield _CONFIG, plan.config_plan(stage, endpoint, pin).name
    if role == names.CANDIDATE:
        yield from (
            (_CONFIG, config.name) for config in plan.endpoint_plan(stage, endpoint, named.pins).configs
        )
    if pin.vpc or pin.capture:
        yield _ROLE_POLICY, f"{endpoint}-permissions"


def _next_step(change: Change, by: Sequence[Naming], in_file: Collection[str]) -> str:
    """What keeps the thing, by who names it."""
    stage, first = by[0].stage, by[0]
    gone = sorted({naming.endpoint for naming in by} - set(in_file))
    if any(naming.source is Source.FILE for naming in by):
        why = f" ({', '.join(change.properties)})" if change.properties else ""
        return f"Undo what changes it{why}; ./slipway status {stage} says what else differs."
    if gone:
        return (
            f"Put {', '.join(gone)} back under slipway:endpoints in Pulumi.{stage}.yaml, then bring its pins "
            f"up to date: ./slipway sync {stage}"
        )
    if first.source is Source.ROLLOUT:
        return (
            "Let the rollout end first: the same command again, or "
            f"./slipway rollback {stage} --endpoint {first.endpoint}"
        )
    return f"Bring the stage's file up to date: ./slipway sync {stage}"


def _differences(endpoint: str, before: EndpointSettings, after: EndpointSettings) -> Iterator[PinChange]:
    roles: dict[str, tuple[ReleasePin | Proposed | None, ReleasePin | Proposed | None]] = {
        role: (getattr(before.pins, role), getattr(after.pins, role)) for role in PIN_ROLES
    }
    for role, (old, new) in {**roles, PROPOSED: (before.proposed, after.proposed)}.items():
        if old == new:
            continue
        was, now = old.release if old else None, new.release if new else None
        yield PinChange(endpoint, role, was, now, _fields(old, new) if was == now else ())


def _fields(old: ReleasePin | Proposed | None, new: ReleasePin | Proposed | None) -> tuple[str, ...]:
    if old is None or new is None:
        return ()
    return tuple(name for name in type(new).model_fields if getattr(old, name) != getattr(new, name))
