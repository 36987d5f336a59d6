"""Answers: what became of the retrains that findings asked for, from the ledger onto the findings.

The ledger alone says it, so a process that died between the end of a retrain and here loses nothing. A
finding is not closed by an answer: what was refused leaves it open, and a model that is better closes it when
its release is live (`telling.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.alerts.kept import Answer, Kept
from monitoring.ports import Findings
from release.domain import retraining
from release.domain.occasions import Occasion
from release.ports import StagePorts


def note_answers(ports: StagePorts, findings: Findings) -> Sequence[str]:
    """Write the ends of retrains onto the open findings that asked for them; returns those findings' ids."""
    asking = {kept.asks: kept for kept in findings.open() if _may_ask(ports, kept)}
    if not asking:
        return []
    opened = min(kept.opened for kept in asking.values())
    entries = retraining.since(ports.ledger.newest_first(), opened)
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


def _not_now(ports: StagePorts, kept: Kept) -> str:
    """Why a finding's retrain would be refused at this moment; empty where it would be admitted."""
    settings, now = ports.settings.retrain, ports.clock.now()
    entries = retraining.since(ports.ledger.newest_first(), now - retraining.looks_back(settings))
    past = retraining.fold(entries, kept.finding.endpoint)
    occasion = Occasion(kind="finding", event=kept.asks)
    why = retraining.why_not(past, settings, occasion, now)
    return f"{why.cause} {why.next_step}" if why else ""


def _may_ask(ports: StagePorts, kept: Kept) -> bool:
    return kept.finding.kind in ports.settings.retrain.on


@dataclass(frozen=True)
class Asking:
    """The finding that asks for a retrain now, None where none does."""

    kept: Kept | None = None
    not_now: str = ""
    """Why it would be refused at this moment; empty where it would be admitted."""


def asking(ports: StagePorts, findings: Findings, endpoint: str | None = None) -> Asking:
    """The oldest open finding, of any endpoint or this one, that asks for a retrain and has no answer.

    Answers that came are noted first.

    Whether it would be admitted is asked before the ledger is written to: what waits for cooldown or budget
    asks at every look.
    """
    note_answers(ports, findings)
    wanted = [one for one in _wanting(ports, findings) if endpoint in (None, one.finding.endpoint)]
    return Asking(wanted[0], _not_now(ports, wanted[0])) if wanted else Asking()


def _wanting(ports: StagePorts, findings: Findings) -> Sequence[Kept]:
    """The open findings for which the stage is retrained and that have no answer yet, the oldest first."""
    found = [kept for kept in findings.open() if _may_ask(ports, kept) and not kept.answers]
    live = {name: one.pins.live.release for name, one in ports.settings.endpoints.items() if one.pins.live}
    return [one for one in found if one.finding.release in (None, live.get(one.finding.endpoint))]
