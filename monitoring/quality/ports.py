"""What measuring quality needs of the world. `monitoring/storage/` implements it.

Methods may raise a SlipwayError, or a library's error that commands translate.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from monitoring.quality.days import Day
from monitoring.quality.joining import Answered, Held
from monitoring.quality.labels import Rejected
from monitoring.quality.pending import Pending


class UnreadableTruth(Exception):
    """A truth file that is gone or holds no text; its words say which."""


@dataclass(frozen=True)
class TruthFile:
    """A file of truth, as it lies there now."""

    id: str
    """Twelve characters that name its place and content: one that is written anew is another file."""
    uri: str
    came: datetime
    """When it was written there."""


@dataclass(frozen=True)
class Taken:
    """A file that is read: each of its labels is held or waits, and the other lines are counted."""

    file: TruthFile
    at: datetime
    labels: int


@dataclass(frozen=True)
class DayCounts:
    """The counts of a day."""

    counts: Sequence[Day]
    repeats: Sequence[str] = ()
    """Inference ids of records that repeat an earlier one, some of them."""
    content: str = ""
    """Names what they were counted from."""


class AnsweredRows(Protocol):
    """The captured rows of one endpoint, by hour."""

    def final(self) -> datetime | None:
        """The hour before which all are read, and none is waited for; None where none is."""

    def hours(self) -> Mapping[datetime, str]:
        """The hours that have rows, each with a name of its content: one that is read anew has another."""

    def read(self, hour: datetime, slices: Sequence[str]) -> Answered:
        """The rows of an hour, with these features; one that they do not have is left out."""


class TruthFiles(Protocol):
    """The truth of one endpoint, as whoever knows it writes it."""

    def files(self) -> Sequence[TruthFile]:
        """All files, in the order in which they came."""

    def lines(self, file: TruthFile) -> Iterator[str]:
        """Its lines, one after the other. Raises UnreadableTruth, in the middle too."""


class Book(Protocol):
    """What is kept of one endpoint's truth.

    What two looks at once would both change is written on condition that it is still what was read (`tag`,
    None where there was nothing): those methods return whether it was. Everything may be written twice with
    the same effect.
    """

    def working(self) -> AbstractContextManager[None]:
        """While labels are read and written: nothing is forgotten meanwhile.

        Raises ServiceError where captured records are being forgotten now.
        """

    def taken(self) -> Mapping[str, Taken]:
        """The files that were read, by id."""

    def take(self, taken: Taken) -> None:
        """A file is read. The first look that says so counts."""

    def set_aside(self, uri: str, rejected: Sequence[Rejected]) -> None:
        """Keep lines of one file that say nothing, beside those of it that lie there."""

    def forget(self, file: str) -> None:
        """A file is to be read again: neither taken nor in quarantine."""

    def held(self, hour: datetime) -> tuple[Held, str | None]:
        """The labels of an hour's rows, and their tag."""

    def hold(self, hour: datetime, held: Held, tag: str | None) -> bool:
        """Keep the labels of an hour's rows."""

    def marks(self) -> Mapping[datetime, str]:
        """The hours that have labels, each with a name of these."""

    def pending(self) -> tuple[Pending, str | None]:
        """What waits, and its tag."""

    def put_pending(self, pending: Pending, tag: str | None) -> bool:
        """Keep what waits."""

    def days(self) -> Mapping[date, DayCounts]:
        """The counted days."""

    def count(self, day: date, counts: DayCounts) -> None:
        """Keep a day's counts."""

    def judged(self) -> Mapping[date, DayCounts]:
        """The days as they were when each was judged."""

    def judge(self, day: date, counts: DayCounts) -> DayCounts:
        """Keep what a day is judged by, once: what the first look kept holds, and is returned."""
