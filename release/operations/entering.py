"""Entering a stage: the gates that a release has to pass there, whichever command brings it."""

from datetime import datetime

from release.domain import gates
from release.domain.ledger import Approval
from release.domain.manifest import GateResult, Manifest
from release.domain.stages import StageEntry
from release.ports import StagePorts


def results(
    entry: StageEntry, ports: StagePorts, content: Manifest, since: datetime | None, approval: Approval | None
) -> list[GateResult]:
    """All gates of a release that asks to enter the stage of `entry`.

    `since` says when it became live in the stage before: None where nobody knows, or where it never was.
    """
    found = gates.evaluate(content, (*entry.gates, *ports.settings.gates), ports.loopback)
    if entry.soak_minutes:
        found.append(gates.soak_gate(entry.soak_minutes, since, ports.clock.now()))
    if entry.approval:
        found.append(gates.approval_gate(approval))
    return found


def approval_of(by: str, reason: str) -> Approval | None:
    """The approval that a person's name and reason make, None without a name."""
    return Approval(by=by, reason=reason) if by else None
