"""What the records themselves say of the capture: hours in which they cannot be read, as findings. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from monitoring.counts import HourCounts
from monitoring.finding import Finding
from monitoring.records.hours import HOUR
from monitoring.records.troubles import Trouble

LEAST_SHARE = 0.01
"""Of an hour's records: fewer that say nothing are counted, and no finding."""
EXPECTED = frozenset({Trouble.SWITCH.value, Trouble.DUPLICATE.value})
"""What a rollout, or a delivery that comes twice, brings along."""


def findings(endpoint: str, release: str, counts: Sequence[HourCounts]) -> Iterator[Finding]:
    """One for each cause that took more than so many of an hour's records, about the release that is live.

    `counts` are of one release, in the order of their hours.
    """
    troubled: dict[str, list[HourCounts]] = {}
    for counted in counts:
        whole = counted.requests + sum(counted.troubles.values())
        for cause, count in counted.troubles.items():
            if cause not in EXPECTED and count > LEAST_SHARE * whole:
                troubled.setdefault(cause, []).append(counted)
    for cause, of in troubled.items():
        total = Counter[str]()
        for counted in of:
            total["records"] += counted.troubles[cause]
            total["of"] += counted.requests + sum(counted.troubles.values())
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


def _span(of: Sequence[HourCounts]) -> str:
    first: datetime = of[0].hour
    return f"the hour from {first:%Y-%m-%d %H:%M}" if len(of) == 1 else f"{len(of)} hours"
