"""Verify: the proof of a stage's ledger, from its first entry to its last. Reads only."""

from dataclasses import dataclass

from release.domain import chain
from release.ports import World


@dataclass(frozen=True)
class Verified:
    """How many entries of a stage's ledger were looked at, and what is wrong with it."""

    stage: str
    entries: int
    problems: tuple[str, ...]


def verify(world: World, stage: str | None) -> list[Verified]:
    """Prove the ledger of one stage, or of all."""
    names = [world.stages.entry(stage).name] if stage else list(world.stages.names)
    found = []
    for name in names:
        ledger = world.stage(name).ledger
        proof = chain.prove(ledger.shelf()) if ledger.exists() else chain.Proof(0, ())
        found.append(Verified(name, proof.entries, proof.problems))
    return found
