"""What the commit of a stage's file says: what moved, why, on what evidence, and by whom. Pure.

The words are made of the stage's ledger, so whoever commits later says the same.
"""

from collections.abc import Sequence

from release.domain import past
from release.domain.finished import Finished
from release.domain.ledger import End, Judged, OpenRollout
from release.domain.manifest import GateResult
from release.domain.pins import Pins
from release.domain.repository import Message

_DONE = {
    "release": "released",
    "promote": "promoted to",
    "rollback": "rolled back to",
    "apply": "rolled out anew:",
    "experiment": "ended its experiment with",
}


def of_rollout(stage: str, done: Finished, gates: Sequence[GateResult] | None, by: str) -> Message:
    """What a rollout came to. `gates` are those of its release's evidence, None where it is not known."""
    opened, closed = done.opened, done.closed
    lines = [
        _told("Reason", opened.skip.reason if opened.skip else opened.reason),
        _told("Ended by a person" if closed.event is End.UNLOCKED else "Taken back", closed.reason),
        _told("Verdict", _verdict(done.judged)),
        _told("Gates", _gates(gates)) if done.subject.kind in ("release", "promote", "experiment") else "",
        _told("Grounds", past.grounds(opened.skip, opened.approvals, opened.waivers, opened.callers_know)),
        f"Ledger: entry {done.number} of {stage}, rollout {done.subject.rollout}",
        f"By: {by}",
    ]
    return Message(f"{stage}: {_subject(done)}", tuple(filter(None, lines)))


def of_experiment(stage: str, begun: OpenRollout, by: str) -> Message:
    """An experiment runs: its candidate is named beside live until it ends."""
    subject, opened = begun.subject, begun.opened
    assert opened.experiment is not None
    text = f"{stage}: {subject.endpoint} compares {subject.release} with {_live(opened.before)}"
    lines = (
        _told("Reason", opened.reason),
        f"Outcome: {opened.experiment.outcome}, {opened.experiment.percent} % of the traffic",
        f"Ledger: experiment {begun.id} of {stage}",
        f"By: {by}",
    )
    return Message(text, tuple(filter(None, lines)))


def of_sync(stage: str, endpoint: str, before: Pins, after: Pins, by: str) -> Message:
    """A stage's file was brought up to date by its ledger."""
    subject = (
        f"{stage}: {endpoint} as the ledger left it, {_live(after)} live (the file said {_live(before)})"
    )
    return Message(subject, (f"By: {by}",))


def of_unlock(stage: str, reason: str, number: int, by: str) -> Message:
    """A person ended what held the stage."""
    lines = (_told("Reason", reason), f"Ledger: entry {number} of {stage}", f"By: {by}")
    return Message(f"{stage}: unlocked where it stood", lines)


def _subject(done: Finished) -> str:
    subject, before, after = done.subject, done.opened.before, done.opened.after
    if done.closed.event is not End.LANDED:
        if subject.kind == "experiment":
            return f"{subject.endpoint} stays at {_live(before)}: the experiment with {subject.release} ended"
        how = "did not land" if done.closed.event is End.REVERTED else "was given up"
        return f"{subject.endpoint} stays at {_live(before)}: {subject.release} {how}"
    was = f" (was {_live(before)})"
    if subject.kind == "apply" and after.live is not None:
        now, then = after.live, before.live
        was = f" on {now.capacity} of {now.type}" + (f" (was {then.capacity} of {then.type})" if then else "")
    return f"{subject.endpoint} {_DONE.get(subject.kind, subject.kind)} {_live(after)}{was}"


def _verdict(judged: Sequence[Judged]) -> str:
    if not judged:
        return ""
    steps = ", ".join(f"{found.decision} {past.traffic(found)}" for found in judged)
    return f"{steps}; {judged[-1].because}"


def _gates(gates: Sequence[GateResult] | None) -> str:
    if not gates:
        return "" if gates is None else "none in its evidence"
    failed = [gate.name for gate in gates if not gate.passed]
    passed = ", ".join(gate.name for gate in gates if gate.passed) or "none"
    return f"passed {passed}" + (f"; not {', '.join(failed)}" if failed else "")


def _live(pins: Pins) -> str:
    return pins.live.release if pins.live else "nothing"


def _told(what: str, text: str) -> str:
    """A paragraph of one line; nothing where there is nothing to say."""
    line = " ".join(text.split())
    return f"{what}: {line}" if line else ""
