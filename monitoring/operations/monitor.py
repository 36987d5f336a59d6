"""Monitoring an endpoint: new hours of captured records are read, each once, counted and decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.operations.deciding import Deciding, decided
from monitoring.ports import CapturedHours, Findings
from monitoring.records import hours
from monitoring.records.hours import HOUR, HourRecord
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
    """Hours that are read again, and nothing else."""
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
    def needs_a_person(self) -> bool:
        """Whether somebody has to look: at what was noticed, or at a day without a record."""
        return self.deciding.silent or bool(self.deciding.standing)


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
    live = _captured(ports.name, name, settings.pins.live)
    records = records_of(name)
    grace = timedelta(minutes=settings.monitoring.records.grace_minutes)
    end = _end(ports.clock.now(), grace, asked.until)
    start = _start(records, live, asked)
    told = served(_entries(ports.ledger, name, start or end), name, live)
    start = start or hours.hour_of(told.captured_since or end)
    reading = Reading(records, told, tell)
    if asked.again:
        _refuse_unfinished(asked.again, end)
        for hour in asked.again:
            reading.read(hour, again=True)
    else:
        reading.new(start, end)
    looked_back = max(start, end - timedelta(hours=settings.monitoring.records.look_back_hours))
    if asked.since is None:
        looked_back = end - timedelta(hours=settings.monitoring.records.look_back_hours)
    late = records.late(records.done(looked_back, end), told)
    if asked.late:
        for hour in sorted(late):
            reading.read(hour, again=True)
        late = {}
    anew = any(hour < (records.watermark() or end) for hour in reading.again)
    deciding = decided(records, findings, name, live.release, settings.monitoring.drift, anew)
    watermark = records.watermark()
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
        gap=watermark if watermark and records.done(watermark, end) else None,
    )


class Reading:
    """Reads hours one after the other, and says how far it is."""

    def __init__(self, records: CapturedHours, told: Served, tell: Tell) -> None:
        self._records = records
        self._told = told
        self._tell = tell
        self.found: list[HourRecord] = []
        self.elsewhere: list[datetime] = []
        self.again: list[datetime] = []
        """Hours that were read before."""

    def new(self, start: datetime, end: datetime) -> None:
        """The hours from `start` to before `end` that were not read."""
        done = list(self._records.done(start, end))
        wanted = list(hours.to_read(start, end, done))
        for count, hour in enumerate(wanted, 1):
            self.read(hour, progress=f"{count} of {len(wanted)}")
            done.append(hour)
            if count % MOST_AT_A_TIME == 0 or count == len(wanted):
                self._settle(start, done)

    def read(self, hour: datetime, again: bool = False, progress: str = "") -> None:
        """One hour."""
        record = self._records.read(hour, self._told, again)
        if record is None:
            self.elsewhere.append(hour)
            return
        self.found.append(record)
        self.again += [hour] if again else []
        troubles = sum(record.troubles.values())
        aside = f", {troubles:,} set aside" if troubles else ""
        self._tell(Event(f"{hour:%Y-%m-%d %H}h {progress}: {record.rows:,} rows{aside}", detail=True))

    def _settle(self, start: datetime, done: Sequence[datetime]) -> None:
        """Move the watermark, where no hour before `start` may be missing."""
        before = self._records.watermark()
        if before is None or before >= start:
            self._records.move_watermark(hours.watermark(before or start, done))


def _captured(stage: str, name: str, live: ReleasePin | None) -> ReleasePin:
    if live is None:
        raise UsageError(
            f"Endpoint {name} of {stage} serves nothing, so there is nothing to monitor.",
            "Nothing was read.",
            f"Release a model first (./slipway promote {stage}).",
        )
    if live.capture is None:
        raise UsageError(
            f"Endpoint {name} of {stage} captures nothing: what it is asked and answers is not known.",
            "Nothing was read, and nothing can be said of drift.",
            f"Set slipway:endpoints.{name}.capture: {{percent: 100}} in Pulumi.{stage}.yaml, "
            f"then ./slipway apply {stage} --endpoint {name}",
        )
    return live


def _end(now: datetime, grace: timedelta, until: datetime | None) -> datetime:
    """The first hour that is not read now."""
    complete = hours.complete_until(now, grace)
    return complete if until is None else min(complete, hours.hour_of(until))


def _start(records: CapturedHours, live: ReleasePin, asked: Asked) -> datetime | None:
    """From where on; None where no record was ever captured: from when on it is captured, then."""
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


def _refuse_unfinished(again: Sequence[datetime], end: datetime) -> None:
    if unfinished := [hour for hour in again if hour >= end]:
        raise UsageError(
            f"The hour {unfinished[0]:%Y-%m-%dT%H} is not complete: captured records come minutes late.",
            "Nothing was read.",
            "Wait until it is over, or name another one.",
        )
