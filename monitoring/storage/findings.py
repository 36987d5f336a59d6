"""A stage's findings in its bucket: `findings/<id>.json`, one record each, changed by conditional puts.

Two who notice the same thing at once change one record, one after the other: it is opened once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from monitoring.alerts import keeping
from monitoring.alerts.kept import Answer, Closing, Kept, Look, Noted
from monitoring.finding import Finding
from release.adapters.aws import StageAws
from release.adapters.records import RecordStore
from release.domain import names
from release.domain.alerting import AlertSettings
from release.domain.errors import UsageError
from release.domain.records import Records
from release.domain.said import Caller

LONGEST = 500
"""Characters of a person's reason."""


class FindingStore:
    """The findings of one stage. `alerts` is what its file says of each endpoint."""

    def __init__(
        self,
        records: Records[Kept],
        alerts: Mapping[str, AlertSettings],
        caller: Callable[[], Caller],
        now: Callable[[], datetime],
    ) -> None:
        self._records = records
        self._alerts = alerts
        self._caller = caller
        self._now = now

    def note(self, findings: Sequence[Finding], look: Look | None = None) -> Noted:
        """Keep what was noticed, and close what is over."""
        sorts: dict[str, list[Kept]] = {"opened": [], "escalated": [], "again": [], "dismissed": []}
        for finding in findings:
            before, after = self._noticed(finding, look)
            sorts[_sort(before, after)].append(after)
        over = self._over(look, {finding.id for finding in findings}) if look else []
        return Noted(closed=over, **sorts)

    def open(self) -> list[Kept]:
        """Those that are open, the oldest first."""
        return [kept for kept in self.all() if kept.is_open]

    def all(self) -> list[Kept]:
        """All that are kept, the oldest first."""
        return sorted(self._records.all(), key=lambda kept: (kept.opened, kept.id))

    def of(self, name: str) -> Kept:
        """One of them."""
        found = self._records.of(name) if names.is_release(name) else None
        if found is None:
            raise UsageError(
                f"There is no finding {name!r} here.",
                "Nothing was changed.",
                "See which there are: ./slipway findings STAGE --all",
            )
        return found

    def close(self, name: str, reason: str) -> Kept:
        """A person closes one."""
        why = " ".join(reason.split())
        if not why or len(why) > LONGEST:
            raise UsageError(
                f"A finding is closed with a reason of at most {LONGEST} characters, not {len(why)}.",
                "Who comes later has to know why, so nothing was changed.",
                'Say it: --close ID --because "…"',
            )
        found = self.of(name)
        if found.closed is not None:
            raise UsageError(
                f"The finding {name} was closed already, on {found.closed.at:%Y-%m-%d %H:%M} UTC: "
                f"{found.closed.reason}",
                "Nothing was changed.",
                "See what is open: ./slipway findings STAGE",
            )
        closing = Closing(by="person", at=self._now(), reason=why, who=self._caller().arn)
        return self._change(name, lambda known: keeping.closed(known, closing))

    def heard(self, name: str, number: int, whom: str, whole: Collection[str]) -> None:
        """`whom` has heard a notice of a finding."""
        now = self._now()
        self._change(name, lambda known: keeping.told(known, number, whom, whole, now))

    def answered(self, name: str, answer: Answer) -> None:
        """A retrain that a finding asked for has its end."""
        self._change(name, lambda known: keeping.answered(known, answer))

    def closed_by_release(self, live: Mapping[str, str]) -> list[Kept]:
        """Close those about releases that are no longer live."""
        now, found = self._now(), []
        for kept in self.open():
            serves = live.get(kept.finding.endpoint)
            if keeping.gone(kept, serves, now) != kept:
                changed = self._change(kept.id, lambda known, by=serves: keeping.gone(known, by, now))
                found.append(changed)
        return found

    def _noticed(self, finding: Finding, look: Look | None) -> tuple[Kept | None, Kept]:
        """The record before and after."""
        until = max(look.until, finding.noticed) if look and look.covers(finding) else finding.noticed
        settings, now = self._settings(finding.endpoint), self._now()
        before: list[Kept | None] = []

        def change(known: Kept | None) -> Kept:
            before[:] = [known]
            return keeping.noticed(known, finding, until, settings, now)

        after = self._records.change(finding.id, change)
        assert after is not None
        return before[0], after

    def _over(self, look: Look, seen: set[str]) -> list[Kept]:
        settings, now, found = self._settings(look.endpoint), self._now(), []
        for kept in self.open():
            if kept.id in seen or not look.covers(kept.finding):
                continue
            after = self._change(kept.id, lambda known: keeping.not_noticed(known, look, settings, now))
            if after.closed is not None:
                found.append(after)
        return found

    def _change(self, name: str, change: Callable[[Kept], Kept]) -> Kept:
        """Change a record that is there."""
        after = self._records.change(name, lambda known: known and change(known))
        return after or self.of(name)

    def _settings(self, endpoint: str) -> AlertSettings:
        return self._alerts.get(endpoint, AlertSettings())


def _sort(before: Kept | None, after: Kept) -> str:
    """Under which word of Noted a record that changed like this belongs."""
    if not after.is_open:
        return "dismissed"
    if before is None or before.occurrence != after.occurrence:
        return "opened"
    return "escalated" if before.worst != after.worst else "again"


def record_store(aws: StageAws, bucket: str) -> RecordStore[Kept]:
    """Where the findings of a stage lie."""
    return RecordStore(aws, bucket, names.FINDINGS, Kept, "finding", "what was noticed")
