"""What the records themselves say of the capture: hours in which they cannot be read, as findings. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitoring.finding import Finding
from monitoring.records.hours import HOUR, HourRecord
from monitoring.records.troubles import Trouble
from release.domain import names

LEAST_SHARE = 0.01
"""Of an hour's records: fewer that say nothing are counted, and no finding."""
EXPECTED = frozenset({Trouble.SWITCH.value, Trouble.DUPLICATE.value})
"""What a rollout, or a delivery that comes twice, brings along."""


def watched(read: Sequence[HourRecord], release: str, before: bool) -> Iterator[HourRecord]:
    """The hours in which a release was live, and after the first one those of which nobody knows who was.

    `before` says whether it was live before these hours, which are in order.
    """
    for record in read:
        live = {counted.release for counted in record.counts if counted.variant == names.LIVE} - {""}
        before = before or release in live
        if release in live or (before and not live):
            yield record


def findings(endpoint: str, release: str, read: Sequence[HourRecord]) -> Iterator[Finding]:
    """One for each cause that took more than so many of an hour's records, about the release that is live.

    Whose they are says nothing: a candidate's are captured as live's are. The hours are in order.
    """
    troubled: dict[str, list[HourRecord]] = {}
    for record in read:
        for cause, unread in record.troubles.items():
            if cause not in EXPECTED and unread > LEAST_SHARE * count(record):
                troubled.setdefault(cause, []).append(record)
    for cause, of in troubled.items():
        total = {"records": sum(one.troubles[cause] for one in of), "of": sum(map(count, of))}
        yield Finding(
            endpoint=endpoint,
            release=release,
            kind="capture",
            subject=cause,
            since=of[0].hour,
            noticed=of[-1].hour + HOUR,
            severity="warning",
            summary=f"{total['records']:,} of {total['of']:,} records in {_span(of)} say nothing: {cause}.",
            evidence={**total, "hours": len(of)},
        )


def count(record: HourRecord) -> int:
    """All records of an hour, but for answers to our own requests."""
    return sum(counted.requests for counted in record.counts) + sum(record.troubles.values())


def _span(of: Sequence[HourRecord]) -> str:
    first: datetime = of[0].hour
    return f"the hour from {first:%Y-%m-%d %H:%M}" if len(of) == 1 else f"{len(of)} hours"
