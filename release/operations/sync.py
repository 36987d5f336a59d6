"""Sync: a stage file that is not of today gets the pins of the ledger. Nothing else is changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from release.domain import moves, state
from release.domain.pins import Pins
from release.operations import recording, standing
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Synced:
    """One endpoint's pins in the stage file: what they were, and what they are now."""

    stage: str
    endpoint: str
    before: Pins
    after: Pins

    @property
    def changed(self) -> bool:
        """Whether the file was another one."""
        return self.before != self.after


def sync(world: World, stage: str, tell: Tell) -> list[Synced]:
    """Write the pins of each endpoint as its last closed rollout left them, or as its open one found them."""
    ports = world.stage(world.stages.entry(stage).name)
    found = []
    for name in ports.settings.endpoints:
        facts = standing.facts(ports, name)
        before, after = facts.pins, facts.pins
        match state.standing(facts):
            case state.Standing.OPEN_STALE if facts.open:
                opened = facts.open.opened
                after = opened.before
                if facts.open.rests:
                    after = moves.while_moving(opened.before, opened.after, beside=True)
            case state.Standing.STALE if facts.left:
                after = facts.left
        if after != before:
            tell(Event(f"{name}: {state.names_of(after)}"))
            ports.file.write(name, after)
        found.append(Synced(ports.name, name, before, after))
    _record(ports, found, tell)
    return found


def _record(ports: StagePorts, found: Sequence[Synced], tell: Tell) -> None:
    """Commit what was brought up to date; else what the last rollout wrote, and nobody committed."""
    changed = [line for line in found if line.changed]
    for line in changed:
        recording.sync(ports, line.endpoint, line.before, line.after, tell)
    for line in () if changed else found:
        recording.rollout(ports, line.endpoint, tell)
