"""What a stage holds and nobody names: what may go, and why the rest stays. Pure.

A thing stays when a pin, the last rollout in the ledger, an open rollout or an endpoint in service names it,
or something that stays uses it. So a way back is never among what goes: going back needs a config, its model,
the model's image and artifact, and the release's files, and each is kept by the one before it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from release.domain import names, plan
from release.domain.pins import PIN_ROLES, Pins, ReleasePin


class Kind(StrEnum):
    """What can be left over, in the order in which it is deleted: first what names other things."""

    CONFIG = "endpoint config"
    MODEL = "model"
    RELEASE = "release"
    """The manifest and the golden requests under `releases/<id>/`."""
    ARTIFACT = "artifact"
    IMAGE = "image"


@dataclass(frozen=True)
class Thing:
    """One thing that a stage holds. `uses` are others that it needs, by kind and name."""

    kind: Kind
    name: str
    """A config's or model's name, a release's id, an artifact's SHA-256, an image's digest."""
    made: datetime
    uses: frozenset[tuple[Kind, str]] = frozenset()
    tags: tuple[str, ...] = ()
    """An image's."""

    @property
    def key(self) -> tuple[Kind, str]:
        """What names it."""
        return self.kind, self.name


@dataclass(frozen=True)
class Named:
    """Pins of one endpoint, and who says so: the stage's data, its ledger, an open rollout."""

    endpoint: str
    who: str
    pins: Pins


@dataclass(frozen=True)
class Stays:
    """A thing that is kept, and why."""

    thing: Thing
    why: str


@dataclass(frozen=True)
class Cleanup:
    """What may go, in the order in which it is deleted, and what stays."""

    goes: tuple[Thing, ...]
    stays: tuple[Stays, ...]


@dataclass(frozen=True)
class Needs:
    """What must stay, whatever it looks like.

    `serving` says what each endpoint of the account and region uses; `open` are endpoints with a rollout that
    is open, of which nothing is touched: its steps have configs of their own.
    """

    named: Sequence[Named]
    serving: Mapping[str, Collection[tuple[Kind, str]]]
    open: Collection[str] = ()


def sort(
    stage: str, endpoints: Collection[str], held: Sequence[Thing], needs: Needs, oldest: datetime
) -> Cleanup:
    """Tell what may go of what `stage` holds. What was made after `oldest` may be on its way in: it stays."""
    things = {thing.key: thing for thing in held}
    foreign = [key for key, thing in things.items() if not _ours(stage, endpoints, thing)]
    why: dict[tuple[Kind, str], str] = {}
    waiting = [(key, "none of this stage's endpoints has that name") for key in foreign]
    waiting += _reasons(stage, things, needs, oldest)
    while waiting:
        key, text = waiting.pop(0)
        if key in why:
            continue
        why[key] = text
        used = _uses(stage, key, things.get(key))
        waiting += [(other, f"the {key[0].value} {key[1]} needs it") for other in used]
    order = list(Kind)
    listed = sorted(things.values(), key=lambda thing: (order.index(thing.kind), thing.name))
    goes = tuple(thing for thing in listed if thing.key not in why)
    kept = (thing for thing in listed if thing.key in why and thing.key not in foreign)
    return Cleanup(goes, tuple(Stays(thing, why[thing.key]) for thing in kept))


def needed(stage: str, endpoint: str, pin: ReleasePin) -> frozenset[tuple[Kind, str]]:
    """Everything that a release needs to serve, or to serve again. The pin has its instance type."""
    return frozenset(
        {
            (Kind.CONFIG, plan.config_plan(stage, endpoint, pin).name),
            (Kind.MODEL, plan.model_plan(stage, endpoint, pin).name),
            (Kind.RELEASE, pin.release),
            (Kind.ARTIFACT, pin.sha256),
            (Kind.IMAGE, pin.digest),
        }
    )


def oldest(now: datetime, days: float) -> datetime:
    """What was made after this is younger than `days`."""
    return now - timedelta(days=days)


def _reasons(
    stage: str, things: Mapping[tuple[Kind, str], Thing], needs: Needs, oldest: datetime
) -> list[tuple[tuple[Kind, str], str]]:
    """What stays for a reason of its own."""
    found: list[tuple[tuple[Kind, str], str]] = []
    for named in needs.named:
        for role in PIN_ROLES:
            pin = getattr(named.pins, role)
            keys = needed(stage, named.endpoint, pin) if pin else ()
            found += [(key, f"{named.who}: {role} of {named.endpoint}") for key in keys]
    for endpoint, keys in needs.serving.items():
        found += [(key, f"{endpoint} serves it") for key in keys]
    rules: list[tuple[str, Callable[[Thing], bool]]] = [
        ("a rollout of its endpoint is open", lambda thing: _belongs(stage, needs.open, thing)),
        ("somebody else's tag", lambda thing: any(not tag.startswith(_TAG) for tag in thing.tags)),
        ("younger than was asked for", lambda thing: thing.made > oldest),
    ]
    found += [(key, text) for text, rule in rules for key, thing in things.items() if rule(thing)]
    return found


def _uses(stage: str, key: tuple[Kind, str], thing: Thing | None) -> set[tuple[Kind, str]]:
    """What a thing needs that stays: what it says itself, and for a model the release in its name."""
    found = set(thing.uses) if thing else set()
    kind, name = key
    endpoint, content = names.parts(name)
    if kind is Kind.MODEL and endpoint.endswith(f"-{stage}"):
        found.add((Kind.RELEASE, content))
    return found


def _ours(stage: str, endpoints: Collection[str], thing: Thing) -> bool:
    """Whether a thing is this stage's to delete. An image without a tag is its registry's."""
    match thing.kind:
        case Kind.CONFIG | Kind.MODEL:
            return _of(stage, endpoints, thing.name)
        case Kind.IMAGE:
            return bool(thing.tags)
        case _:
            return True


def _belongs(stage: str, endpoints: Collection[str], thing: Thing) -> bool:
    return thing.kind in {Kind.CONFIG, Kind.MODEL} and _of(stage, endpoints, thing.name)


def _of(stage: str, endpoints: Collection[str], name: str) -> bool:
    """Whether a name is that of a model or config of one of these endpoints in the stage."""
    known = {names.endpoint(endpoint, stage) for endpoint in endpoints}
    return names.parts(name)[0] in known


_TAG = names.release_tag("")
