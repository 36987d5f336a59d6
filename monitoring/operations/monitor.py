"""Monitoring an endpoint: new hours of captured records are read, each once, counted and decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.operations.capturing import capturing
from monitoring.operations.deciding import Deciding, decided
from monitoring.ports import CapturedHours, Findings
from monitoring.records import hours
from monitoring.records.hours import HOUR, HourRecord, Mark
from monitoring.records.last_look import SILENCE
from monitoring.records.periods import Served, served
from release.domain.errors import UsageError
from release.domain.events import Event, Tell
from release.domain.ledger import Entry, Opened
from release.domain.pins import ReleasePin
from release.ports import Ledger, StagePorts

MOST_AT_A_TIME = 24
"""Hours after which the watermark is moved: who begins anew lists no more than these."""


@dataclass(frozen=True)
class Asked:
    """What of an endpoint's records is to be read."""

    since: datetime | None = None
    """From this hour on; None: from where the last reading ended, the first time from the first record on."""
    until: datetime | None = None
    """Not from this moment on; None: every hour that is complete."""
    again: tuple[datetime, ...] = ()
    """Hours that are read again, and nothing else; they are marked first, so that a look that dies is made
    up for by the next one."""
    late: bool = False
    """Whether hours for which files came late are read again, too."""


@dataclass(frozen=True)
class Monitored:
    """What was read, and what there is now."""

    stage: str
    endpoint: str
    release: str
    """The live one."""
    read: tuple[HourRecord, ...]
    elsewhere: tuple[datetime, ...]
    """Hours that another process has read meanwhile."""
    late: Mapping[datetime, Sequence[str]]
    """Files that came for hours that were read, and are in no count yet."""
    until: datetime
    """Up to here the hours are complete."""
    next_at: datetime
    """When the next hour is."""
    deciding: Deciding
    """What the hours of the live release show."""
    gap: datetime | None = None
    """An hour that was not read while later ones were: none from there on is decided."""

    @property
    def blind(self) -> bool:
        """Whether there are hours of which nobody can tell anything: no row in them, or not read."""
        return self.deciding.silent or self.gap is not None


def monitor(
    ports: StagePorts,
    records_of: Callable[[str], CapturedHours],
    findings: Findings,
    endpoint: str | None,
    asked: Asked,
    tell: Tell,
) -> Monitored:
    """Read an endpoint's complete hours that were not read yet.

    Raises UsageError for an endpoint that serves nothing or captures nothing, or an hour that is not over.
    """
    name = ports.settings.only_endpoint(endpoint)
    settings = ports.settings.endpoints[name]
    live = capturing(ports.name, name, settings.pins.live)
    records = records_of(name)
    grace = timedelta(minutes=settings.monitoring.records.grace_minutes)
    end = _end(ports.clock.now(), grace, asked.until)
    _refuse_unfinished(asked.again, end)
    marks = [records.mark_again(asked.again)] if asked.again else records.marked()
    start = _start(records, live, asked)
    looked_back = end - timedelta(hours=settings.monitoring.records.look_back_hours)
    if asked.since is not None:
        looked_back = max(looked_back, hours.hour_of(asked.since))
    earliest = min([start or end, looked_back, *(hour for mark in marks for hour in mark.hours)])
    told = served(_entries(ports.ledger, name, earliest), name, live)
    start = start or hours.hour_of(told.captured_since or end - SILENCE)
    reading = Reading(records, told, tell)
    reading.marked(marks, end)
    if not asked.again:
        reading.new(start, end)
    late = records.late(records.done(looked_back, end), told)
    if asked.late and late:
        reading.marked([records.mark_again(late)], end)
        late = {}
    deciding = decided(records, findings, name, live.release, settings.monitoring.drift)
    return Monitored(
        stage=ports.name,
        endpoint=name,
        release=live.release,
        read=tuple(reading.found),
        elsewhere=tuple(reading.elsewhere),
        late=late,
        until=end,
        next_at=_end(ports.clock.now(), grace, None) + HOUR + grace,
        deciding=deciding,
        gap=_gap(records, end),
    )


class Reading:
    """Reads hours one after the other, and says how far it is."""

    def __init__(self, records: CapturedHours, told: Served, tell: Tell) -> None:
        self._records = records
        self._told = told
        self._tell = tell
        self.found: list[HourRecord] = []
        self.elsewhere: list[datetime] = []

    def marked(self, marks: Sequence[Mark], end: datetime) -> None:
        """The hours of marks that are before `end`; a mark is cleared when all of its hours were read here.

        Of an hour that another process has read meanwhile nobody knows whether it did before the mark.
        """
        for mark in marks:
            complete = [hour for hour in mark.hours if hour < end]
            mine = [self.read(hour, again=True) for hour in complete]
            if len(complete) == len(mark.hours) and all(mine):
                self._records.clear(mark)
        watermark = self._records.watermark() if marks else None
        if watermark is not None:  # an hour that was left out may be among them
            self._settle(watermark, self._records.done(watermark, end))

    def new(self, start: datetime, end: datetime) -> None:
        """The hours from `start` to before `end` that were not read."""
        done = list(self._records.done(start, end))
        wanted = list(hours.to_read(start, end, done))
        for count, hour in enumerate(wanted, 1):
            self.read(hour, progress=f"{count} of {len(wanted)}")
            done.append(hour)
            if count % MOST_AT_A_TIME == 0:
                self._settle(start, done)
        if done:
            self._settle(start, done)

    def read(self, hour: datetime, again: bool = False, progress: str = "") -> bool:
        """One hour; whether it was read here."""
        record = self._records.read(hour, self._told, again)
        if record is None:
            self.elsewhere.append(hour)
            return False
        self.found.append(record)
        troubles = sum(record.troubles.values())
        aside = f", {troubles:,} set aside" if troubles else ""
        self._tell(Event(f"{hour:%Y-%m-%d %H}h {progress}: {record.rows:,} rows{aside}", detail=True))
        return True

    def _settle(self, start: datetime, done: Sequence[datetime]) -> None:
        """Move the watermark, where no hour before `start` may be missing."""
        before = self._records.watermark()
        if before is None or before >= start:
            self._records.move_watermark(hours.watermark(before or start, done))


def _end(now: datetime, grace: timedelta, until: datetime | None) -> datetime:
    """The first hour that is not read now."""
    complete = hours.complete_until(now, grace)
    return complete if until is None else min(complete, hours.hour_of(until))


def _start(records: CapturedHours, live: ReleasePin, asked: Asked) -> datetime | None:
    """From where on; None where no record was ever captured: from when on it is captured, then, or where
    nobody knows that for so long that a capture that brings nothing is noticed."""
    if asked.again:
        return min(asked.again)
    if asked.since is not None:
        return hours.hour_of(asked.since)
    return records.watermark() or records.first([live])


def _entries(ledger: Ledger, endpoint: str, start: datetime) -> Iterator[Entry]:
    """The ledger's entries from before `start` on, oldest first: no more of them than it takes."""
    found: list[Entry] = []
    for stored in ledger.newest_first():
        entry = stored.entry
        found.append(entry)
        begun = isinstance(entry.what, Opened) and entry.subject.endpoint == endpoint
        if begun and datetime.fromisoformat(entry.at) < start - HOUR:
            break
    return reversed(found)


def _gap(records: CapturedHours, end: datetime) -> datetime | None:
    """The first hour that was not read, where later ones were."""
    watermark = records.watermark()
    if watermark is None or not (done := records.done(watermark, end)):
        return None
    gap = hours.watermark(watermark, done)
    return gap if gap < max(done) else None


def _refuse_unfinished(again: Sequence[datetime], end: datetime) -> None:
    if unfinished := [hour for hour in again if hour >= end]:
        raise UsageError(
            f"The hour {unfinished[0]:%Y-%m-%dT%H} is not complete: captured records come minutes late.",
            "Nothing was read.",
            "Wait until it is over, or name another one.",
        )
