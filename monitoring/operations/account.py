"""Accounting for captures: every answer that should have a record has one, or is named as missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.alerts.kept import Look
from monitoring.capture import accounting
from monitoring.capture import asked as captured
from monitoring.capture.accounting import Account
from monitoring.finding import Finding
from monitoring.hours import HOUR, complete_until, hour_of
from monitoring.operations.capturing import capturing
from monitoring.ports import CaptureCounts
from release.domain import names
from release.domain.capture import Capture
from release.domain.ledger import Entry
from release.ports import Ledger, StagePorts


@dataclass(frozen=True)
class Accounted:
    """What was compared of an endpoint, and what of it is missing."""

    stage: str
    endpoint: str
    release: str | None
    """The live one."""
    until: datetime
    """Up to when was compared."""
    hours: int
    """That were compared."""
    accounts: tuple[Account, ...]
    apart: tuple[tuple[datetime, str], ...]
    """Hours that cannot be compared, each with the reason."""
    findings: tuple[Finding, ...]
    missing: int

    @property
    def nothing(self) -> str:
        """Why nothing is known of what was captured; empty where something is, or nobody was answered."""
        if not self.hours:
            return "no hour could be compared"
        if self.kept and not self.answered:
            return "SageMaker counted no answer"
        return ""

    @property
    def answered(self) -> int:
        """Answers that were given, in the hours that were compared."""
        return sum(one.answered for one in self.accounts)

    @property
    def kept(self) -> int:
        """Records that are there of them."""
        return sum(one.kept for one in self.accounts)

    @property
    def needs_a_person(self) -> bool:
        """Whether records are missing, or nobody knows whether some are."""
        return bool(self.missing or self.nothing)


def account(
    ports: StagePorts, counts: CaptureCounts, endpoint: str | None, hours: int, now_too: bool = False
) -> Accounted:
    """Compare the last `hours` whole hours of an endpoint; with `now_too` the one that is not over as well.

    Raises UsageError for an endpoint that there is not, or of which nothing is captured and nothing was.
    """
    name = ports.settings.only_endpoint(endpoint)
    settings = ports.settings.endpoints[name]
    live, now = settings.pins.live, ports.clock.now()
    grace = timedelta(minutes=settings.monitoring.records.grace_minutes)
    end = hour_of(now) + HOUR if now_too else complete_until(now, grace)
    start = end - hours * HOUR
    told = captured.asked(_oldest_first(ports.ledger), name, live)
    comparable: dict[datetime, Capture] = {}
    apart: list[tuple[datetime, str]] = []
    for number in range(hours):
        hour = start + number * HOUR
        found = captured.between(told, hour, hour + HOUR)
        if isinstance(found, Capture):
            comparable[hour] = found
        else:
            apart.append((hour, found))
    if not comparable:
        capturing(ports.name, name, live)
    in_sagemaker = names.endpoint(name, ports.name)
    answered = counts.answered(in_sagemaker, start, end)
    kept = counts.kept(captured.places(told), in_sagemaker, start, end)
    accounts = accounting.compare(answered, kept, comparable)
    release = live.release if live else None
    until = min(end, now)
    noticed = accounting.findings(name, release, accounts, until)
    missing = sum(one.missing for one in accounts)
    return Accounted(
        ports.name, name, release, until, len(comparable), tuple(accounts), tuple(apart), noticed, missing
    )


def look(found: Accounted) -> Look | None:
    """What the hours that were compared could show: of variants that answered in the newest one, until it is
    over. None where nothing was answered in any."""
    asked = [one for one in found.accounts if one.answered]
    if not asked:
        return None
    newest = max(one.hour for one in asked)
    return Look(
        endpoint=found.endpoint,
        release=found.release,
        kinds=("capture",),
        since=min(one.hour for one in asked),
        until=min(newest + HOUR, found.until),
        subjects={accounting.subject(one.variant) for one in asked if one.hour == newest},
    )


def _oldest_first(ledger: Ledger) -> Iterator[Entry]:
    found: Iterable[Entry] = (stored.entry for stored in ledger.newest_first()) if ledger.exists() else ()
    return reversed([*found])
