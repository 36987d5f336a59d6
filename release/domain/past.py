"""The past of a stage as people ask for it: who moved what, when, on what grounds, and how it ended. Pure.

A line of it is one rollout, one retrain, one refusal, one person's word or what became of a finding, folded
of its ledger entries. An event that is not known here is told as it lies in the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from release.domain.approvals import Approval
from release.domain.experiment import Concluded
from release.domain.ledger import (
    Closed,
    Entered,
    Entry,
    Judged,
    Kind,
    Opened,
    Payload,
    Refused,
    Resumed,
    Skip,
    Stored,
)
from release.domain.manifest import GateResult
from release.domain.noticed import NoLonger, Noticed
from release.domain.retrained import Asked, Ended, TakenOver, Trained
from release.domain.said import Said, shown
from release.domain.waivers import Waiver

BEGINNINGS = (Opened, Refused, Said, Asked, Noticed, NoLonger)
LONGEST = 80
"""Characters of a value that is told as it lies in the ledger."""


@dataclass(frozen=True)
class Moved:
    """One rollout of a stage, one retrain, one refusal or one person's word, as its ledger has it."""

    stage: str
    kind: Kind
    endpoint: str
    release: str
    """Of a retrain the champion."""
    rollout: str
    """Its id; empty for a refusal."""
    at: str
    """When it began."""
    by: str
    end: str
    """`landed`, `reverted`, `refused`, or what a person said; while it is open, the phase that it is at."""
    ended: str | None = None
    """When it ended; None while it is open."""
    before: str | None = None
    """The release that served when it began."""
    skip: Skip | None = None
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    callers_know: tuple[str, ...] = ()
    """What of the promise of what was live it breaks, and its callers know of."""
    because: str = ""
    """Why, as the person said who began it."""
    resumed: tuple[str, ...] = ()
    """Who took it over from a process that had died."""
    reason: str = ""
    """Why it was refused or taken back."""
    noted: tuple[str, ...] = ()
    """What else its entries say."""
    gates: tuple[GateResult, ...] | None = None
    """The evidence that came with the release, or of what a retrain made; None where the stage has none."""

    @property
    def grounds(self) -> str:
        """What spoke for it, in words."""
        said = grounds(self.skip, self.approvals, self.waivers, self.callers_know, self.because)
        return "; ".join(filter(None, (self._evidence(), said)))

    def values(self) -> dict[str, object]:
        """It as JSON can have it."""
        skip = self.skip.model_dump(mode="json") if self.skip else None
        lists = {name: getattr(self, name) for name in ("approvals", "waivers", "gates")}
        plain = {
            name: None if models is None else [model.model_dump(mode="json") for model in models]
            for name, models in lists.items()
        }
        return vars(self) | plain | {"skip": skip}

    def _evidence(self) -> str:
        if self.gates is None:
            # What was refused was not brought here, and its reason says more.
            says_more = self.end == "refused" or self.kind in ("unlock", "retrain", "monitor")
            return "" if says_more else "its manifest is not here"
        return _passed(self.gates)


def fold(stage: str, entries: Sequence[Stored]) -> list[Moved]:
    """The rollouts, refusals and words in these consecutive entries, by when they began.

    A rollout whose beginning is not among them is left out.
    """
    found: list[Moved] = []
    places: dict[str, int] = {}
    for entry in (stored.entry for stored in entries):
        subject = entry.subject
        if isinstance(entry.what, BEGINNINGS) or subject.kind == "unlock":
            places[subject.rollout] = len(found)
            found.append(_begun(stage, entry, entry.what))
        elif subject.rollout in places:
            place = places[subject.rollout]
            found[place] = _gone_on(found[place], entry)
    return found


def begins(what: Payload) -> bool:
    """Whether a line of the past begins with this; of an unlock, that of a damaged ledger may."""
    return isinstance(what, BEGINNINGS) or (isinstance(what, Closed) and bool(what.over))


def why(what: Payload) -> str:
    """What an entry says besides its event: a person's reason, or what speaks against a release."""
    match what:
        case Opened():
            return grounds(what.skip, what.approvals, what.waivers, what.callers_know, what.reason)
        case Judged(share=share, decision=decision, because=because):
            return f"{decision} at {share} %: {because}"
        case Refused(reasons=reasons):
            return "; ".join(reasons)
        case Asked():
            learns = f"{what.window.model} on {what.window.learns} of {what.window.data_version}"
            return f"by {shown(what.by, what.actor)} for {what.occasion}; {learns}"
        case Trained(gates=found):
            return _passed(found)
        case Ended():
            of = f"{what.release} in {what.stage}" if what.release else ""
            return "; ".join(filter(None, (of, *what.reasons)))
        case Concluded():
            return what.words
        case Said():
            waived = f"{what.gate} until {what.until}, " if what.gate else ""
            return f"{waived}by {shown(what.by, what.actor)}: {what.reason}"
        case Noticed():
            return f"{what.about}, {what.severity} ({what.finding}): {what.summary}"
        case NoLonger():
            by = f"by {shown(what.who)}" if what.by == "person" else f"by {what.by}"
            return f"{what.about} ({what.finding}), {by}: {what.reason}"
        case Entered(reason=reason) | Closed(reason=reason):
            return reason
        case _:
            values = what.model_dump(mode="json", exclude={"event"}, exclude_defaults=True)
            return "; ".join(f"{key}: {_short(value)}" for key, value in values.items())


def _begun(stage: str, entry: Entry, what: Payload) -> Moved:
    subject = entry.subject
    refused = not isinstance(what, Opened | Asked)
    begun = Moved(
        stage=stage,
        kind=subject.kind,
        endpoint=subject.endpoint,
        release=subject.release,
        rollout=subject.rollout,
        at=entry.at,
        by=_who(entry),
        end=str(what.event),
        ended=entry.at if refused else None,
        reason=why(what) if refused else "",
        noted=(why(what),) if isinstance(what, Asked) else (),
    )
    if not isinstance(what, Opened):
        return begun
    before = what.before.live.release if what.before.live else None
    given = {name: getattr(what, name) for name in ("skip", "approvals", "waivers", "callers_know")}
    return replace(begun, before=before, because=what.reason, **given)


def _gone_on(found: Moved, entry: Entry) -> Moved:
    what = entry.what
    match what:
        case Closed(event=event, reason=reason):
            return replace(found, end=event.value, ended=entry.at, reason=reason or found.reason)
        case Entered(event=phase, reason=reason):
            return replace(found, end=phase.value, reason=reason or found.reason)
        case Trained(gates=gates):
            return replace(found, end="trained", gates=gates)
        case Ended(outcome=outcome):
            return replace(found, end=outcome, ended=entry.at, reason=why(what))
        case Resumed() | TakenOver():
            return replace(found, resumed=(*found.resumed, _who(entry)))
        case _:
            return replace(found, noted=(*found.noted, f"{what.event}: {why(what)}"))


def _passed(gates: Sequence[GateResult]) -> str:
    if not gates:
        return "no gate in its evidence"
    failed = [gate.name for gate in gates if not gate.passed]
    passed = f"{len(gates) - len(failed)} of {len(gates)} gates passed"
    return f"{passed}, not {', '.join(failed)}" if failed else passed


def _who(entry: Entry) -> str:
    return f"{entry.owner.user}@{entry.owner.host}"


def traffic(judged: Judged) -> str:
    """With which share of the traffic a candidate was judged, in words."""
    return "alone" if judged.share == 100 else f"at {judged.share} %"


def grounds(
    skip: Skip | None,
    approvals: Sequence[Approval],
    waivers: Sequence[Waiver],
    callers_know: Sequence[str],
    reason: str = "",
) -> str:
    """What people said for a rollout, in words; empty where nobody had to say anything."""
    skipped = [f"without {' and '.join(skip.stages)}: {skip.reason}"] if skip else []
    approved = [f"approved by {approval}" for approval in approvals]
    known = [f"its callers know: {', '.join(callers_know)}"] if callers_know else []
    said = [f"because: {reason}"] if reason else []
    return "; ".join((*skipped, *approved, *map(str, waivers), *known, *said))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def is_open(moved: Moved) -> bool:
    """Whether it is under way, or stopped half-way."""
    return moved.ended is None
