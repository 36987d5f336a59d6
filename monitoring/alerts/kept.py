"""A finding as a stage keeps it: seen how often, open or closed by whom, and what is still to be told of it.

One record a finding, in the stage's bucket. What has to be told lies in the record itself (`notices`), so
that whoever keeps a finding has, in the same step, promised that it will be told of: a process that dies
between the two loses nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from monitoring.finding import Finding, Kind, Severity
from release.domain import occasions
from release.domain.values import Data

What = Literal["opened", "escalated", "closed"]
"""What is told: it was noticed, its severity grew, it is over."""


class Notice(Data):
    """One thing that has to be told, until everybody who has to hear it did."""

    number: int
    """It counts what was ever told of the finding; with the finding's id it names the notice."""
    what: What
    occurrence: int
    """The how-manieth time the finding was open then."""
    at: AwareDatetime
    after: AwareDatetime
    """No event before this time."""
    ledger_only: bool = False
    """Came and went while nothing was to be told: it stays on record, and nobody is woken."""
    told: tuple[str, ...] = ()
    """Who heard it already."""

    @property
    def is_news(self) -> bool:
        """Whether somebody has to look, who did not have to before."""
        return self.what != "closed" and not self.ledger_only


class Closing(Data):
    """How a finding was closed."""

    by: Literal["person", "release", "monitoring"]
    """A person, with a reason; another release that became live; monitoring, since it is over."""
    at: AwareDatetime
    reason: str
    who: str = ""
    """The ARN of the person, or the release that is live instead."""


class Answer(Data):
    """A retrain that a finding asked for, and what it came to."""

    retrain: str
    """Its id in the ledger."""
    at: AwareDatetime
    outcome: str
    reasons: tuple[str, ...] = ()


class Past(Data):
    """An earlier time that the same thing was noticed, and closed."""

    opened: AwareDatetime
    seen: int
    worst: Severity
    closed: Closing


class Kept(Data):
    """What a stage keeps of one finding."""

    format: Literal[1] = 1
    finding: Finding
    """As it was noticed last; `since` is the earliest of this time."""
    until: AwareDatetime
    """Up to when the data goes in which it was noticed last."""
    opened: AwareDatetime
    seen: int = 1
    """How many looks noticed it since it was opened."""
    worst: Severity
    """The greatest severity since it was opened."""
    occurrence: int = 1
    """The how-manieth time it is open; it opens again when it comes back."""
    clear_since: AwareDatetime | None = None
    """From when on the data shows no sign of it any more; None while it does."""
    closed: Closing | None = None
    dismissed: int = 0
    """How many looks noticed it after a person had closed it."""
    notices: tuple[Notice, ...] = ()
    """What somebody has not heard yet, oldest first."""
    numbered: int = 0
    """How many notices there were."""
    announced: AwareDatetime | None = None
    """When an event last told that it was opened, or got worse."""
    answers: tuple[Answer, ...] = ()
    """Retrains that it asked for, since it was opened."""
    earlier: tuple[Past, ...] = ()

    @property
    def id(self) -> str:
        """The finding's."""
        return self.finding.id

    @property
    def is_open(self) -> bool:
        """Whether nobody and nothing has closed it."""
        return self.closed is None

    @property
    def is_dismissed(self) -> bool:
        """Whether a person closed it: what they gave a reason for, nobody has to look at while it goes on."""
        return self.closed is not None and self.closed.by == "person"

    @property
    def asks(self) -> str:
        """The name under which it asks for a retrain: one for each time that it is open."""
        return occasions.of_finding(self.id, self.occurrence)

    def closing(self, occurrence: int) -> Closing | None:
        """How it was closed at that time; of times long past, how the earliest that is kept was."""
        if occurrence == self.occurrence or not self.earlier:
            return self.closed
        back = min(self.occurrence - occurrence, len(self.earlier))
        return self.earlier[-back].closed


@dataclass(frozen=True)
class Look:
    """What was looked at with enough data to see findings: only what a look could see can be over."""

    endpoint: str
    release: str | None
    """The release that was looked at; None for all of the endpoint."""
    kinds: Collection[Kind]
    since: datetime
    until: datetime
    """The data that was looked at, in its own time, UTC."""
    subjects: Collection[str] | None = None
    """Those for which there was enough data; None for all."""

    def covers(self, finding: Finding) -> bool:
        """Whether it would have shown the finding."""
        return (
            finding.endpoint == self.endpoint
            and finding.kind in self.kinds
            and finding.release in (None, self.release)
            and (self.subjects is None or finding.subject in self.subjects)
        )


@dataclass(frozen=True)
class Noted:
    """What became of the findings of one look."""

    opened: Sequence[Kept] = ()
    """New, or back again."""
    escalated: Sequence[Kept] = ()
    """Seen again, with a greater severity."""
    again: Sequence[Kept] = ()
    """Seen again."""
    dismissed: Sequence[Kept] = ()
    """Noticed, and closed by a person not long ago."""
    closed: Sequence[Kept] = ()
    """Over."""
