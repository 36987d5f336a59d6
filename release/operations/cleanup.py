"""Cleanup: what a stage holds and nobody names is listed, and deleted when that is asked for.

What serves, what is pinned and whether a rollout is open is asked again right before each deletion. Fences,
the ledger and what rollouts recorded are not looked at, so they cannot go.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from release.domain import cleanup as rules
from release.domain import experiment, state
from release.domain.cleanup import Cleanup, Named, Needs, Stays, Thing
from release.domain.english import begun_with_article
from release.domain.errors import Held, ServiceError
from release.domain.pins import Pins
from release.ports import Event, StagePorts, Tell, World

DAYS = 7.0
"""What is younger may be on its way in: a release brings its image and artifact before it opens a rollout."""


@dataclass(frozen=True)
class Cleaned:
    """What may go of a stage, what stays and why, and what was deleted."""

    stage: str
    goes: tuple[Thing, ...]
    stays: tuple[Stays, ...]
    deleted: tuple[Thing, ...]


def cleanup(world: World, stage: str, delete: bool, days: float, tell: Tell) -> Cleaned:
    """List what nobody names, or delete it.

    Raises ServiceError while a rollout is under way, Held where one stopped half-way, when asked to delete.
    """
    ports = world.stage(world.stages.entry(stage).name)
    if delete:
        _refuse_while_open(ports)
    held = ports.holdings.held() if ports.artifacts.exists() else []
    past = list(_last_in_the_ledger(ports))
    oldest = rules.oldest(ports.clock.now(), days)

    def now() -> Cleanup:
        return rules.sort(ports.name, ports.settings.endpoints, held, _needs(ports, past), oldest)

    found = now()
    deleted = []
    for thing in found.goes if delete else ():
        _refuse_while_open(ports)
        if thing not in now().goes:
            tell(Event(f"{thing.kind.value} {thing.name} is named meanwhile, and stays"))
            continue
        tell(Event(f"deleting the {thing.kind.value} {thing.name}"))
        ports.holdings.delete(thing)
        deleted.append(thing)
    return Cleaned(ports.name, found.goes, found.stays, tuple(deleted))


def _needs(ports: StagePorts, past: list[Named]) -> Needs:
    named = [*past]
    for name, settings in ports.settings.endpoints.items():
        named.append(Named(name, "pinned", ports.file.pins(name).on(settings.instances.type)))
    opened = ports.ledger.all_open() if ports.ledger.exists() else ()
    for found in opened:
        endpoint = found.subject.endpoint
        ways = (
            ("what served before the open rollout", found.opened.before),
            ("rolled out", found.opened.after),
        )
        named += [Named(endpoint, who, _typed(ports, endpoint, pins)) for who, pins in ways]
    return Needs(named, ports.holdings.serving(), {found.subject.endpoint for found in opened})


def _last_in_the_ledger(ports: StagePorts) -> Iterator[Named]:
    """The pins with which each endpoint's last rollout ended: a stage file may be older than that."""
    entries = ports.ledger.newest_first() if ports.ledger.exists() else ()
    for endpoint, pins in state.pins_left(entries, ports.settings.endpoints):
        yield Named(endpoint, "by the ledger", _typed(ports, endpoint, pins))


def _typed(ports: StagePorts, endpoint: str, pins: Pins) -> Pins:
    settings = ports.settings.endpoints.get(endpoint)
    return pins.on((settings or next(iter(ports.settings.endpoints.values()))).instances.type)


def _refuse_while_open(ports: StagePorts) -> None:
    found = ports.ledger.open() if ports.ledger.exists() else None
    if found is None:
        return
    subject = found.subject
    what = begun_with_article(f"{subject.kind} of {subject.release} ({subject.endpoint})")
    consequence = "What it needs, or brings, must not be deleted: nothing more was deleted."
    if found.rests:
        raise experiment.holds(ports.name, found.subject.endpoint, found.compares)
    if ports.ledger.alive(found):
        raise ServiceError(
            f"{what} is under way here, by {found.owner}.", consequence, "Run this again when it is done."
        )
    raise Held(
        f"{what} stopped half-way, at {found.phase.value!r}.",
        consequence,
        "Run that same command again to finish it, or take it back: "
        f"./slipway rollback {ports.name} --endpoint {found.subject.endpoint}. Then run this again.",
    )
