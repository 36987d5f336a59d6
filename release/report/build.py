"""From a rollout's ledger entries, verdicts and manifests to its `Report`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from release.domain import past
from release.domain.experiment import Concluded
from release.domain.ledger import Closed, End, Entered, Entry, Judged, Opened, Phase, Resumed
from release.domain.manifest import Manifest
from release.report import changes, watching
from release.report.report import Decided, Moment, Outcome, Report, Share

ALL = 100


def build(
    stage: str,
    entries: Sequence[Entry],
    verdicts: Sequence[Mapping[str, Any]],
    manifests: Mapping[str, Manifest],
) -> Report:
    """The report of the rollout whose entries these are, the oldest (`opened`) first.

    `verdicts` are the records kept beside the ledger, in their order; `manifests` those that could be read,
    by release.
    """
    first, last = entries[0], entries[-1]
    opened = first.what
    assert isinstance(opened, Opened)
    start = datetime.fromisoformat(first.at)
    shares = _share_of_steps(entries, verdicts)
    outcome = _outcome(last)
    before, after = opened.before.live, opened.after.live
    newest = max([last.at, *(str(verdict["at"]) for verdict in verdicts)], key=datetime.fromisoformat)
    return Report(
        stage=stage,
        endpoint=first.subject.endpoint,
        kind=first.subject.kind,
        release=first.subject.release,
        before=before.release if before else None,
        rollout=first.subject.rollout,
        strategy=opened.rollout.strategy,
        outcome=outcome,
        stands_at=next(
            e.what.event for e in reversed(entries) if not isinstance(e.what, Judged | Concluded | Resumed)
        ),
        reason=_reason(entries),
        opened=start,
        ended=datetime.fromisoformat(last.at if outcome != "open" else newest),
        by=f"{first.owner.user} on {first.owner.host}",
        grounds=_grounds(opened),
        differences=changes.differences(before, after, manifests),
        gates=changes.gates(manifests.get(first.subject.release)),
        moments=_moments(entries, shares),
        shares=_shares(entries, shares, start),
        decided=tuple(_decided(e.at, e.what, start) for e in entries if isinstance(e.what, Judged)),
        watched=watching.watched(verdicts, start),
    )


def _outcome(last: Entry) -> Outcome:
    match last.what:
        case Closed(event=End.LANDED):
            return "landed"
        case Closed(event=End.REVERTED):
            return "reverted"
        case _:
            return "open"


def _reason(entries: Sequence[Entry]) -> str:
    given = (e.what.reason for e in reversed(entries) if isinstance(e.what, Entered | Closed))
    return next((reason for reason in given if reason), "")


def _grounds(opened: Opened) -> str:
    return past.grounds(opened.skip, opened.approvals, opened.waivers, opened.callers_know, opened.reason)


def _share_of_steps(entries: Sequence[Entry], verdicts: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """The candidate's share at each step that was watched, and of the last one, which is all."""
    found = {int(verdict["step"]): int(verdict["share"]) for verdict in verdicts}
    found |= {e.what.step: e.what.share for e in entries if isinstance(e.what, Judged)}
    for entry in entries:
        if isinstance(entry.what, Entered) and entry.what.event == Phase.RECONCILING:
            # What serves alone at the end is the release; it comes from the last step of all.
            found[max(e.what.step for e in entries if isinstance(e.what, Entered))] = ALL
    return found


def _moments(entries: Sequence[Entry], shares: Mapping[int, int]) -> tuple[Moment, ...]:
    found, said = [], ""
    for entry, after in zip(entries, [*entries[1:], None], strict=True):
        at = datetime.fromisoformat(entry.at)
        lasted = (datetime.fromisoformat(after.at) - at).total_seconds() if after else None
        what = entry.what
        stepped = isinstance(what, Judged) or (
            isinstance(what, Entered) and what.event in {"moving", "verifying", "judging"}
        )
        step = what.step if isinstance(what, Entered | Judged) and stepped else None
        share = shares.get(step) if step is not None else None
        by = f"{entry.owner.user} on {entry.owner.host}"
        says = _says(what)
        # A reason goes with a rollout from phase to phase; it is told once.
        told, said = ("" if says == said and isinstance(what, Entered | Closed) else says), says or said
        found.append(Moment(at, str(what.event), step, share, lasted, told, by))
    return tuple(found)


def _says(what: Any) -> str:
    match what:
        case Judged(decision=decision, because=because):
            return f"{decision}: {because}"
        case Entered(reason=reason) | Closed(reason=reason):
            return reason
        case Opened():
            return _grounds(what)
        case Concluded():
            return what.words
    return ""


def _decided(at: str, what: Judged, start: datetime) -> Decided:
    return Decided(
        at=(datetime.fromisoformat(at) - start).total_seconds(),
        step=what.step,
        share=what.share,
        decision=what.decision,
        because=what.because,
        requests=what.requests,
        live_requests=what.live_requests,
        windows=what.windows,
        sha256=what.sha256,
    )


def _shares(entries: Sequence[Entry], of_step: Mapping[int, int], start: datetime) -> tuple[Share, ...]:
    """The corners of the candidate's share over time: it moves while the ledger says so, and rests else."""
    percent, aim = 0.0, 0.0
    found = [Share(0.0, 0.0)]
    for entry in entries[1:]:
        at = (datetime.fromisoformat(entry.at) - start).total_seconds()
        if isinstance(entry.what, Resumed):
            continue
        found.append(Share(at, percent))
        if percent != aim:
            percent = aim
            found[-1] = Share(at, percent)
        match entry.what:
            case Entered(event=Phase.MOVING, step=step):
                aim = float(of_step.get(step, percent))
            case Entered(event=Phase.REVERTING):
                aim = 0.0
            case Entered(event=Phase.RECONCILING):
                percent = aim = float(ALL)
                found[-1] = Share(at, percent)
    return tuple(found)
