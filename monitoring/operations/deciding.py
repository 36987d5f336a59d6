"""Deciding: the counted hours of what is live against its reference, from where the last look ended.

Hours are decided in order, each once; up to the watermark, since a gap could still be filled. Where hours
were read again, or nothing usable was kept, all that is kept of the last weeks is decided anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitoring.alerts.kept import Look
from monitoring.counts import HourCounts
from monitoring.drift import state as states
from monitoring.drift.decide import Decision, decide, new
from monitoring.drift.reference import Reference, UnusableReference
from monitoring.drift.state import VOLUME_HOURS, State
from monitoring.finding import Finding, Kind
from monitoring.ports import CapturedHours, Findings
from monitoring.records import capture
from monitoring.records.hours import HOUR
from monitoring.records.troubles import Trouble
from release.domain import names
from release.domain.drift import DriftSettings

ALWAYS_SEEN: tuple[Kind, ...] = ("volume",)
SEEN_IN_ROWS: tuple[Kind, ...] = ("drift", "schema")
"""What hours without rows cannot show."""


@dataclass(frozen=True)
class Deciding:
    """What a look at one release came to."""

    release: str
    hours: int
    """That were decided now."""
    decision: Decision | None
    """None where there is no reference to decide by, or no hour."""
    captured: tuple[Finding, ...]
    """What the records say of the capture itself."""
    unknown: tuple[str, ...]
    """What cannot be told, in sentences."""

    @property
    def silent(self) -> bool:
        """Whether nothing was captured in the last 24 hours: that says nothing of the model."""
        state = self.decision.state if self.decision else None
        if state is None or state.closed is None:
            return False
        return not any(state.volumes.get(hour) for hour in range(state.closed - 23, state.closed + 1))

    @property
    def standing(self) -> tuple[Finding, ...]:
        """All that holds now."""
        return (*(self.decision.standing if self.decision else ()), *self.captured)


def decided(
    records: CapturedHours,
    findings: Findings,
    endpoint: str,
    release: str,
    settings: DriftSettings,
    anew: bool = False,
) -> Deciding:
    """Decide the hours that were read and not decided, note what holds, and keep where that ended."""
    until = records.watermark()
    if until is None:
        return Deciding(release, 0, None, (), ("No hour is read yet.",))
    reference = records.reference(release)
    state = None if anew or reference is None else _kept(records, release, reference)
    start = _start(state, until)
    counts = _counts(records, release, start, until)
    troubles = tuple(capture.findings(endpoint, release, counts))
    decision = None
    unknown: tuple[str, ...] = ()
    if reference is None:
        unknown = ("The release has no reference, so drift of its requests and scores cannot be told.",)
    else:
        before = state or new(endpoint, release, reference)
        decision = decide(reference, before, counts, until, settings)
        unknown = decision.unknown
    if counts:
        look = _look(endpoint, release, counts, until)
        findings.note(decision.standing if decision else (), look)
        findings.note(troubles, replace(look, kinds=("capture",), subjects=[*Trouble]))
    if decision is not None:
        records.keep_drift_state(release, decision.state.to_json())
    return Deciding(release, len(counts), decision, troubles, unknown)


def _kept(records: CapturedHours, release: str, reference: Reference) -> State | None:
    """What the last look kept; None where that is nothing, damaged, or of another reference."""
    text = records.drift_state(release)
    if text is None:
        return None
    try:
        state = states.from_json(text)
    except UnusableReference:
        return None
    return state if state.digest == reference.digest else None


def _start(state: State | None, until: datetime) -> datetime:
    """The first hour that is not decided."""
    if state is None:
        return until - VOLUME_HOURS * HOUR
    newest = state.open.index if state.open is not None else state.closed
    return until - VOLUME_HOURS * HOUR if newest is None else states.moment(newest + 1)


def _counts(records: CapturedHours, release: str, start: datetime, until: datetime) -> list[HourCounts]:
    """What the release answered as the live one, by the hour."""
    return [
        counted
        for record in records.records(records.done(start, until))
        for counted in record.counts
        if counted.release == release and counted.variant == names.LIVE
    ]


def _look(endpoint: str, release: str, counts: Sequence[HourCounts], until: datetime) -> Look:
    """What these hours could show."""
    with_rows = any(counted.rows for counted in counts)
    kinds = (*ALWAYS_SEEN, *(SEEN_IN_ROWS if with_rows else ()))
    return Look(endpoint, release, kinds, counts[0].hour, until)
