"""History: what happened in a stage, newest last, by its ledger. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

from release.domain import ledger
from release.domain.ledger import Stored
from release.ports import World


@dataclass(frozen=True)
class History:
    """Consecutive ledger entries, oldest first; `broken` says where they do not follow from each other."""

    entries: Sequence[Stored]
    broken: str | None


def history(world: World, stage: str, most: int | None) -> History:
    """The newest `most` entries of a stage's ledger, None for all."""
    ports = world.stage(world.stages.entry(stage).name)
    entries = ports.ledger.latest(most) if ports.ledger.exists() else []
    return History(entries, ledger.broken_link(entries))
