"""What of truth is not settled: labels that wait for their row, and how many lines say nothing. Pure.

It is one value, so that a label which waits no longer and the count of its trouble change in one step: of two
looks at once each label is counted by one, and a process that dies between two writes counts none twice.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitoring.quality.joining import Place
from monitoring.quality.labels import Label, Trouble


def ready(label: Label, final: datetime) -> bool:
    """Whether its row may be looked for: all hours up to it are read.

    Before that its id may be in use anew in an hour that is not.
    """
    return min(label.observed, label.came) <= final


Troubles = Mapping[str, int]
"""How many lines say nothing, by their cause."""


@dataclass(frozen=True)
class Waiting:
    """A label whose row is not found yet."""

    label: Label
    since: datetime | None = None
    """When its row was first looked for; None before all hours up to it are read."""
    early: bool = False
    """Whether its id has a record, of after the label."""

    def tried(self, now: datetime, early: bool) -> "Waiting":
        """After its row was looked for, in vain."""
        return Waiting(self.label, self.since or now, self.early or early)

    def over(self, now: datetime, wait: timedelta) -> Trouble | None:
        """What it is where it waited long enough."""
        if self.since is None or self.since > now - wait:
            return None
        return Trouble.EARLY if self.early else Trouble.UNKNOWN


@dataclass(frozen=True)
class Pending:
    """All of one endpoint."""

    waiting: Sequence[Waiting] = ()
    against: Mapping[datetime, str] = field(default_factory=dict)
    """The hours, each by its content, in which the rows of those were looked for that were looked for."""
    troubles: Mapping[str, Troubles] = field(default_factory=dict)
    """By file."""


@dataclass(frozen=True)
class Read:
    """What became of the lines of a file, as far as they are no labels of rows."""

    waiting: Sequence[Waiting]
    troubles: Troubles


@dataclass(frozen=True)
class Looked:
    """What one look came to."""

    before: Pending
    """What it began with."""
    hours: Mapping[datetime, str]
    """The hours that it held labels against."""
    waits: Mapping[Place, Waiting]
    """Of the labels that waited, those that wait still ..."""
    left: Mapping[Place, Trouble | None]
    """... and the others: None found their row."""
    read: Mapping[str, Read]
    """By file, those that it read whole."""


def after(current: Pending, looked: Looked, taken: Collection[str]) -> Pending:
    """What is pending after a look, where `current` is by now, and other looks have taken these files.

    A file that another look has taken is that one's: it has placed all of its labels.
    """
    mine = {source: read for source, read in looked.read.items() if source not in taken}
    troubles = {source: Counter(found) for source, found in current.troubles.items() if source not in mine}
    waiting: dict[Place, Waiting] = {}
    for one in current.waiting:
        place = one.label.place
        if one.label.source in mine:
            continue
        if place not in looked.left:
            waiting[place] = looked.waits.get(place, one)
        elif trouble := looked.left[place]:
            troubles.setdefault(one.label.source, Counter())[trouble.value] += 1
    for source, read in mine.items():
        waiting |= {one.label.place: one for one in read.waiting}
        if read.troubles:
            troubles[source] = Counter(read.troubles)
    alone = current.against == looked.before.against
    against = {
        hour: content
        for hour, content in looked.hours.items()
        if alone or current.against.get(hour) == content
    }
    counted = {source: dict(found) for source, found in troubles.items()}
    return Pending(tuple(waiting.values()), against, counted)
