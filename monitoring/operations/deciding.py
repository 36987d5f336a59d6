"""Deciding: the counted hours of what is live against its reference, from where the last look ended.

Hours are decided in order, each once; up to the watermark, since a gap could still be filled. What the last
look kept holds while the hours are the very ones that it rests on. Else all that is kept of the last weeks is
decided anew: after hours were read again or forgotten, also where a look died between that and its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from monitoring.records.hours import HOUR, HourRecord
from monitoring.records.last_look import LastLook, digest_of, emptiness
from monitoring.records.troubles import Trouble
from release.domain import names
from release.domain.drift import DriftSettings

WEEKS = VOLUME_HOURS * HOUR
"""So far back hours are decided anew, and a look rests on them."""
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

    silent: bool = False
    """Whether there was no row for a day: that says nothing of the model."""

    @property
    def standing(self) -> tuple[Finding, ...]:
        """All that holds now."""
        return (*(self.decision.standing if self.decision else ()), *self.captured)


def decided(
    records: CapturedHours, findings: Findings, endpoint: str, release: str, settings: DriftSettings
) -> Deciding:
    """Decide the hours that were read and not decided, note what holds, and keep where that ended."""
    watermark = records.watermark()
    if watermark is None:
        return Deciding(release, 0, None, (), ("No hour is read yet.",))
    reference = records.reference(release)
    found = records.last_look(release)
    before = LastLook.from_bytes(found[0]) if found else None
    until = max(watermark, before.until) if before else watermark
    versions = records.versions((before.until if before else until) - WEEKS, until)
    state = _state(before, reference)
    if before and not (_rests_on(before, versions) and (state is None) == (reference is None)):
        before = state = None
    start = before.until if before else until - WEEKS
    read = list(records.records(records.done(start, until)))
    counts = _counts(read, release)
    watched = list(capture.watched(read, release, bool(before and before.newest)))
    captured = tuple(capture.findings(endpoint, release, watched))
    if before and not watched:
        captured = before.captured
    decision = None
    if reference is not None:
        decision = decide(reference, state or new(endpoint, release, reference), counts, until, settings)
    if counts:
        look = _look(endpoint, release, counts, until)
        findings.note(decision.standing if decision else (), look)
    if watched:
        findings.note(captured, _captures(endpoint, release, watched, until))
    kept = LastLook(
        until,
        digest_of(versions, until - WEEKS, until),
        decision.state.to_json() if decision else None,
        captured,
        *emptiness(before, counts),
    )
    if kept != before:
        # Where another look was kept meanwhile, that one is: the next look compares it with the hours again.
        records.keep_look(release, kept.to_bytes(), found[1] if found else None)
    return Deciding(release, len(counts), decision, captured, _unknown(decision, kept), kept.silent)


def _unknown(decision: Decision | None, kept: LastLook) -> tuple[str, ...]:
    """What cannot be told, in sentences."""
    found = ["The release has no reference, so drift of its requests and scores cannot be told."]
    if decision is not None:
        found = [*decision.unknown]
    if not kept.had_rows:
        found.append("No row is captured of it yet, so nothing was judged.")
    return tuple(found)


def _rests_on(before: LastLook, versions: Mapping[datetime, str]) -> bool:
    """Whether the hours are still the ones that a look was decided from."""
    return digest_of(versions, before.until - WEEKS, before.until) == before.digest


def _state(before: LastLook | None, reference: Reference | None) -> State | None:
    """What the last look kept of drift; None where that is nothing, damaged, or of another reference."""
    if before is None or before.state is None or reference is None:
        return None
    try:
        state = states.from_json(before.state)
    except UnusableReference:
        return None
    return state if state.digest == reference.digest else None


def _counts(read: Sequence[HourRecord], release: str) -> list[HourCounts]:
    """What the release answered as the live one, by the hour."""
    return [
        counted
        for record in read
        for counted in record.counts
        if counted.release == release and counted.variant == names.LIVE
    ]


def _look(endpoint: str, release: str, counts: Sequence[HourCounts], until: datetime) -> Look:
    """What these hours could show."""
    with_rows = any(counted.rows for counted in counts)
    kinds = (*ALWAYS_SEEN, *(SEEN_IN_ROWS if with_rows else ()))
    return Look(endpoint, release, kinds, counts[0].hour, until)


def _captures(endpoint: str, release: str, watched: Sequence[HourRecord], until: datetime) -> Look | None:
    """What these hours could show of the capture; None where they hold no record."""
    if not any(map(capture.count, watched)):
        return None
    return Look(endpoint, release, ("capture",), watched[0].hour, until, subjects=[*Trouble])
