"""Unlock: a person ends what holds a stage and nobody can finish, and says why; nothing is moved or made.

What holds it is a rollout whose process is gone, or a damaged ledger. From then on the stage goes on from its
file: where SageMaker serves something else, `apply` brings it back.
"""

from dataclasses import dataclass

from release.domain.english import begun_with_article
from release.domain.errors import ServiceError, UsageError
from release.domain.ledger import Closed, End, OpenRollout, Subject, holding
from release.domain.pins import Pins
from release.domain.state import Standing, standing, told
from release.operations import recording, rollouts
from release.operations import standing as asking
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Unlocked:
    """What held a stage and was ended: a rollout in a few words (empty: none), the ledger's damage."""

    stage: str
    rollout: str
    damage: tuple[str, ...]
    reason: str


def unlock(world: World, stage: str, reason: str, tell: Tell) -> Unlocked:
    """End what holds a stage where it stands, and record who did it and why.

    Raises UsageError without a reason, where nothing holds it, or where its file is not of today;
    ServiceError while a process is at work.
    """
    ports = world.stage(world.stages.entry(stage).name)
    if not reason.strip():
        raise UsageError(
            "To unlock a stage needs a reason.",
            "Whoever reads its ledger has to know why it was ended, so nothing was changed.",
            f"Say it: ./slipway unlock {ports.name} --reason 'why'",
        )
    damage = ports.ledger.damage() if ports.ledger.exists() else ()
    if damage:
        ports.ledger.pass_over_damage()
    opened = ports.ledger.all_open() if ports.ledger.exists() else ()
    found = holding(opened)
    _insist(ports, found, damage)
    subject = (
        found.subject if found else Subject(kind="unlock", endpoint="", release="", rollout=rollouts.new_id())
    )
    others = {one.subject.endpoint for one in opened if one.rests and one != found}
    pins = {
        name: settings.pins if name in others else _without_candidate(settings.pins)
        for name, settings in ports.settings.endpoints.items()
    }
    closed = Closed(event=End.UNLOCKED, reason=reason, over=damage, pins=pins)
    entry = ports.ledger.append(subject, closed)
    if damage:
        ports.ledger.accept(entry)
    for name, named in pins.items():
        if named != ports.settings.endpoints[name].pins:
            tell(Event(f"{name} names no candidate any more"))
            ports.file.write(name, named)
    recording.unlock(ports, reason, entry.number, tell)
    return Unlocked(ports.name, _words(found) if found else "", damage, reason)


def _insist(ports: StagePorts, found: OpenRollout | None, damage: tuple[str, ...]) -> None:
    if found is None and not damage:
        raise UsageError(
            f"Nothing holds {ports.name}.",
            "No rollout is open there and its ledger is whole, so nothing was changed.",
            f"See ./slipway status {ports.name}",
        )
    if found is None:
        return
    if rollouts.at_work(ports, found):
        raise ServiceError(
            f"{begun_with_article(_words(found))} is under way here, by {found.owner}.",
            "It is at work, and would be stopped half-way: nothing was changed.",
            f"Have it take itself back: ./slipway abort {ports.name} --endpoint {found.subject.endpoint}",
        )
    if found.subject.endpoint in ports.settings.endpoints:
        asked = asking.facts(ports, found.subject.endpoint)
        if not damage and standing(asked) is Standing.OPEN_STALE:
            so, _, ends = told(Standing.OPEN_STALE, asked, ports.name, found.subject.endpoint)
            raise UsageError(so, "The stage would go on from it, so nothing was changed.", ends)


def _without_candidate(pins: Pins) -> Pins:
    return pins.model_copy(update={"candidate": None})


def _words(found: OpenRollout) -> str:
    subject = found.subject
    return f"{subject.kind} of {subject.release} ({subject.endpoint}) at {found.phase.value}"
