"""Unlock: a person ends what holds a stage and nobody can finish, and says why; nothing is moved or made.

What holds it is a rollout whose process is gone, or a damaged ledger. From then on the stage goes on from its
file: where SageMaker serves something else, `apply` brings it back. An experiment that runs holds its own
endpoint on purpose: it goes on, and is ended as such.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from release.domain import experiment
from release.domain.chain import UPDATE, OfLaterVersion
from release.domain.english import begun_with_article
from release.domain.errors import ServiceError, UsageError
from release.domain.ledger import Closed, End, OpenRollout, Subject
from release.domain.pins import Pins
from release.domain.state import Standing, standing, told
from release.operations import recording, rollouts
from release.operations import standing as asking
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Unlocked:
    """What held a stage and was ended: rollouts in a few words (empty: none), the ledger's damage."""

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
    later = [problem for problem in damage if isinstance(problem, OfLaterVersion)]
    if later and len(later) == len(damage):
        raise UsageError(
            f"A later version of Slipway wrote into the ledger of {ports.name}: {'; '.join(later)}.",
            "Nothing is wrong with it that an unlock could go on over, so nothing was changed.",
            UPDATE,
        )
    if damage:
        ports.ledger.pass_over_damage()
    opened = ports.ledger.all_open() if ports.ledger.exists() else ()
    found = [one for one in opened if not one.rests]
    running = [one for one in opened if one.rests]
    if not found and not damage:
        raise _nothing_to_end(ports.name, running)
    for one in found:
        _insist(ports, one, damage)
    here = {one.subject.endpoint for one in running}
    pins = {
        name: settings.pins if name in here else _without_candidate(settings.pins)
        for name, settings in ports.settings.endpoints.items()
    }
    if list(ports.ledger.all_open()) != list(opened):
        raise rollouts.overtaken(ports, "what is open")
    closed = Closed(event=End.UNLOCKED, reason=reason, over=damage, pins=pins)
    nobodys = Subject(kind="unlock", endpoint="", release="", rollout=rollouts.new_id())
    entries = [ports.ledger.append(one, closed) for one in [one.subject for one in found] or [nobodys]]
    entry = entries[-1]
    if damage:
        ports.ledger.accept(entry)
    for name, named in pins.items():
        if named != ports.settings.endpoints[name].pins:
            tell(Event(f"{name} names no candidate any more"))
            ports.file.write(name, named)
    recording.unlock(ports, reason, entry.number, tell)
    return Unlocked(ports.name, " and the ".join(map(_words, found)), damage, reason)


def _nothing_to_end(stage: str, running: Sequence[OpenRollout]) -> UsageError:
    if not running:
        return UsageError(
            f"Nothing holds {stage}.",
            "No rollout is open there and its ledger is whole, so nothing was changed.",
            f"See ./slipway status {stage}",
        )
    told = [f"an experiment runs on {one.subject.endpoint}: {one.compares}" for one in running]
    ends = [experiment.command(stage, one.subject.endpoint) for one in running]
    return UsageError(
        f"Nothing holds {stage} but what is there on purpose: {'; '.join(told)}.",
        "It needs no process and holds no other endpoint, so nothing was changed.",
        f"End it as an experiment: {'; '.join(ends)}",
    )


def _insist(ports: StagePorts, found: OpenRollout, damage: tuple[str, ...]) -> None:
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
