"""How fast the error budget of an objective is used up, and when that is too fast. Pure.

An objective of 99.5 % leaves a budget: 0.5 % of the requests of 30 days may be bad. The burn rate says how
many times as fast as the budget lasts it is being used: at 1 it is gone after exactly 30 days, at 14.4 after
50 hours. Each alert asks two windows at once, as Google's SRE workbook has it ("Alerting on SLOs", multiple
windows and burn rates): the long one says that it matters, the short one that it still goes on, so that an
alert ends soon after its cause.

Nothing here knows who counts requests, or where: CloudWatch's alarms and Prometheus's rules are both made of
these values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MINUTE, HOUR, DAY = 60, 3600, 86_400
BUDGET_SECONDS = 30 * DAY
"""What an objective is of."""

LEAST_BAD = 10
"""Bad requests in the long window below which an alert says nothing, whatever share of all they are.

An endpoint that is exactly at its objective shows so many by chance in fewer than one of 50,000 windows,
whatever its traffic, at every burn rate that pages (`tests/release/test_burn_rates.py` works it out). It is
also the least traffic in which a total outage is seen.
"""

Severity = Literal["page", "ticket"]
"""Whether somebody has to act at once, or in the next days."""


@dataclass(frozen=True)
class BurnAlert:
    """A burn rate that is too fast, and the two windows in which both it has to be exceeded."""

    name: str
    severity: Severity
    share: float
    """Of the budget of 30 days: so much is used up ..."""
    within: int
    """... within so many seconds, at this burn rate."""
    long: int
    """Seconds of the window that says that it matters."""
    short: int
    """Seconds of the window that says that it still goes on."""

    @property
    def rate(self) -> float:
        """The burn rate that rings when both windows exceed it."""
        return round(self.share * BUDGET_SECONDS / self.within, 6)

    def bound(self, percent: float) -> float:
        """The share of bad requests at which that is burned, where so many of a hundred shall be good.

        It is rounded to the decimal that it is: a share that equals it is then not above it.
        """
        return round(self.rate * budget(percent), 12)


BURN_ALERTS = (
    # what the next one would say in five minutes, as soon as it is sure to
    BurnAlert("outage", "page", 0.02, 5 * MINUTE, 2 * MINUTE, MINUTE),
    BurnAlert("fast", "page", 0.02, HOUR, HOUR, 5 * MINUTE),
    BurnAlert("steady", "page", 0.05, 6 * HOUR, 6 * HOUR, 30 * MINUTE),
    BurnAlert("slow", "ticket", 0.10, 3 * DAY, 3 * DAY, 6 * HOUR),
)
"""Burn rates 172.8, 14.4, 6 and 1."""


def budget(percent: float) -> float:
    """The share of requests that may be bad where so many of a hundred shall be good."""
    return round(100 - percent, 9) / 100


def burn(bad: float, requests: float, percent: float) -> float:
    """The burn rate of so many bad ones of these requests; 0 without a request."""
    return bad / requests / budget(percent) if requests else 0.0


def alerts(percent: float) -> Iterator[BurnAlert]:
    """The alerts of an objective: those that could ring if all requests were bad."""
    return (alert for alert in BURN_ALERTS if alert.bound(percent) < 1)


def rings(alert: BurnAlert, percent: float, long: tuple[float, float], short: tuple[float, float]) -> bool:
    """Whether an alert rings; each window is its bad requests and all of them."""
    bound = alert.bound(percent)
    above = all(requests and bad / requests > bound for bad, requests in (long, short))
    return long[0] >= LEAST_BAD and above
