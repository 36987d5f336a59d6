"""Answers: what became of the retrains that findings asked for, from the ledger onto the findings.

The ledger alone says it, so a process that died between the end of a retrain and here loses nothing. A
finding is not closed by an answer: what was refused leaves it open, and a model that is better closes it when
its release is live (`telling.py`).
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from monitoring.alerts.kept import Answer, Kept
from monitoring.ports import Findings
from release.domain import retraining
from release.ports import StagePorts


def note_answers(ports: StagePorts, findings: Findings) -> Sequence[str]:
    """Write the ends of retrains onto the open findings that asked for them; returns those findings' ids."""
    asking = {kept.asks: kept for kept in findings.open() if _may_ask(ports, kept)}
    if not asking:
        return []
    since = min(kept.opened for kept in asking.values())
    newest = ports.ledger.newest_first()
    entries = list(takewhile(lambda stored: datetime.fromisoformat(stored.entry.at) >= since, newest))[::-1]
    answered = []
    for endpoint in sorted({kept.finding.endpoint for kept in asking.values()}):
        for one in retraining.fold(entries, endpoint):
            kept = asking.get(one.asked.occasion.event)
            if kept is None or one.ended is None or any(known.retrain == one.id for known in kept.answers):
                continue
            reasons = one.ended.reasons
            findings.answered(
                kept.id, Answer(retrain=one.id, at=one.at, outcome=one.ended.outcome, reasons=reasons)
            )
            answered.append(kept.id)
    return answered


def _may_ask(ports: StagePorts, kept: Kept) -> bool:
    return kept.finding.kind in ports.settings.retrain.on


def wanting(ports: StagePorts, findings: Findings) -> Sequence[Kept]:
    """The open findings for which the stage is retrained and that have no answer yet, the oldest first."""
    found = [kept for kept in findings.open() if _may_ask(ports, kept) and not kept.answers]
    live = {name: one.pins.live.release for name, one in ports.settings.endpoints.items() if one.pins.live}
    return [one for one in found if one.finding.release in (None, live.get(one.finding.endpoint))]
