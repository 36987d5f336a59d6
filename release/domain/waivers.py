"""Waivers: persons let a release into a stage although a quality gate of its evidence failed. Pure.

Who, why and until when stays with it. What proves that the release is the one that was measured can never be
waived, nor what was not measured at all. The records lie in the stages' buckets
(`release/adapters/records.py`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from release.domain.manifest import GateResult, Manifest
from release.domain.pins import Data, ReleaseId
from release.domain.said import shown

INTEGRITY = frozenset({"parity", "signature", "digest", "checksum"})
"""Gates that say that what would serve is what was measured: without them the others say nothing of it."""

LONGEST_DAYS = 365
"""How far ahead the last day of a waiver may lie: one that never ends would be another bar of the gate."""


class Waiver(Data):
    """One gate of one release, waived by a person. `by` is the caller's ARN."""

    gate: str
    by: str
    at: str
    reason: str
    until: date
    """The last day (UTC) on which it counts."""
    measured: str = ""
    """What the gate said."""
    actor: str = ""
    """Whom CI named: a remark."""

    def __str__(self) -> str:
        return f"{self.gate} waived until {self.until} by {shown(self.by, self.actor)}: {self.reason}"


class Waivers(Data):
    """What one stage keeps of one release, the oldest first."""

    format: Literal[1] = 1
    release: ReleaseId
    stage: str
    given: tuple[Waiver, ...] = ()


def give(known: Waivers | None, release: str, stage: str, waiver: Waiver) -> Waivers:
    """What a stage keeps after a waiver."""
    kept = known or Waivers(release=release, stage=stage)
    return kept.model_copy(update={"given": (*kept.given, waiver)})


def in_force(known: Waivers | None, today: date) -> tuple[Waiver, ...]:
    """The newest waiver of each gate, of those that have not expired."""
    young = {one.gate: one for one in (known.given if known else ()) if one.until >= today}
    return tuple(young.values())


def why_not(content: Manifest, gate: str) -> str:
    """Why this gate of a release cannot be waived; empty where it can."""
    found = next((one for one in content.gates if one.name == gate), None)
    if gate in INTEGRITY:
        return "says that what would serve is what was measured, and nobody can waive that"
    if found is None:
        named = ", ".join(one.name for one in content.gates if not one.passed) or "none"
        return f"is no gate of its evidence (those that failed: {named}), and only they can be waived"
    return "passed: there is nothing to waive" if found.passed else ""


def applied(
    results: Sequence[GateResult], content: Manifest, waived: Sequence[Waiver]
) -> tuple[list[GateResult], tuple[Waiver, ...]]:
    """The results with those that are waived passed, and the waivers that did it."""
    by_gate = {one.gate: one for one in waived if not why_not(content, one.gate)}
    used = {one.name: by_gate[one.name] for one in results if one in content.gates and one.name in by_gate}
    found = [
        one.model_copy(update={"passed": True, "reason": f"{used[one.name]} ({one.reason})"})
        if one in content.gates and one.name in used
        else one
        for one in results
    ]
    return found, tuple(used.values())


def command(release: str, stage: str, gate: str, until: date) -> str:
    """The command by which a person waives a gate."""
    return f"./slipway waive {release} --stage {stage} --gate {gate} --reason 'why' --until {until}"
