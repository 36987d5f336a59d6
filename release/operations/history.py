"""History: what happened in a stage, newest last, by its ledger. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from release.domain import chain, past
from release.domain.errors import UsageError
from release.domain.ledger import Stored
from release.domain.manifest import GateResult
from release.domain.past import Moved
from release.ports import StagePorts, World

ENTRIES_A_ROLLOUT = 8
"""How many entries are read for a rollout at first; where they have more, more are read."""


@dataclass(frozen=True)
class History:
    """The newest entries of a ledger, oldest first, and the newest rollouts and refusals.

    `broken` says where the entries that were read do not follow from each other.
    """

    stage: str
    entries: Sequence[Stored]
    rollouts: Sequence[Moved]
    broken: str | None


def history(world: World, stage: str, most: int | None) -> History:
    """The newest `most` entries and the newest `most` rollouts of a stage's ledger, None for all."""
    ports = world.stage(world.stages.entry(stage).name)
    read = _read(ports, most) if ports.ledger.exists() else []
    rollouts = past.fold(ports.name, read)
    evidence = cache(lambda release: _gates(ports, release))
    newest = rollouts[-most:] if most else rollouts
    told = [
        moved if moved.kind in ("retrain", "monitor") else replace(moved, gates=evidence(moved.release))
        for moved in newest
    ]
    return History(ports.name, read[-most:] if most else read, told, chain.broken_link(read))


def histories(world: World, stage: str | None, most: int | None) -> list[History]:
    """As `history`, of one stage or of all."""
    return [history(world, name, most) for name in ([stage] if stage else world.stages.names)]


def _read(ports: StagePorts, most: int | None) -> Sequence[Stored]:
    """The newest entries, as many as the newest `most` rollouts have, and at least `most`."""
    if most is None:
        return ports.ledger.latest(None)
    asked = most * ENTRIES_A_ROLLOUT
    while True:
        found = ports.ledger.latest(asked)
        begun = sum(past.begins(stored.entry.what) for stored in found)
        if begun >= most or len(found) < asked:
            return found
        asked *= 4


def _gates(ports: StagePorts, release: str) -> tuple[GateResult, ...] | None:
    try:
        return ports.artifacts.manifest(release).gates
    except UsageError:
        return None
