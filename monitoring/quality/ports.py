"""What measuring quality needs of the world. `monitoring/storage/` implements it.

Methods may raise a SlipwayError, or a library's error that commands translate.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from monitoring.quality.days import Day
from monitoring.quality.joining import Answered, Held
from monitoring.quality.labels import Label, Rejected


class UnreadableTruth(Exception):
    """A truth file that is gone or holds no text; its words say which."""


@dataclass(frozen=True)
class TruthFile:
    """A file of truth, as it lies there now."""

    id: str
    """Twelve characters that name its place and content: one that is written anew is another file."""
    uri: str


@dataclass(frozen=True)
class Taken:
    """What became of the lines of a file: it is read."""

    file: TruthFile
    at: datetime
    labels: int
    troubles: Mapping[str, int] = field(default_factory=dict)
    """Lines that say nothing, by their cause."""


@dataclass(frozen=True)
class Waiting:
    """A label whose row is not there yet."""

    label: Label
    since: datetime


class AnsweredRows(Protocol):
    """The captured rows of one endpoint, by hour."""

    def hours(self) -> Mapping[datetime, str]:
        """The hours that have rows, each with a name of its content: one that is read anew has another."""

    def read(self, hour: datetime, slices: Sequence[str]) -> Answered:
        """The rows of an hour, with these features; one that they do not have is left out."""


class TruthFiles(Protocol):
    """The truth of one endpoint, as whoever knows it writes it."""

    def files(self) -> Sequence[TruthFile]:
        """All files, in the order of their names."""

    def lines(self, file: TruthFile) -> Iterator[str]:
        """Its lines, one after the other. Raises UnreadableTruth, in the middle too."""


class Book(Protocol):
    """What is kept of one endpoint's truth. Everything may be written twice with the same effect."""

    def working(self) -> AbstractContextManager[None]:
        """While labels are read and written: nothing is forgotten meanwhile.

        Raises ServiceError where captured records are being forgotten now.
        """

    def taken(self) -> Mapping[str, Taken]:
        """The files that were read, by id."""

    def take(self, taken: Taken, rejected: Sequence[Rejected]) -> None:
        """A file is read; its rejected lines lie in quarantine, added to those of it that did before."""

    def forget(self, file: str) -> None:
        """A file is to be read again: neither taken nor in quarantine."""

    def held(self, hour: datetime) -> Held:
        """The labels of an hour's rows."""

    def hold(self, hour: datetime, held: Held) -> None:
        """Keep the labels of an hour's rows."""

    def marks(self) -> Mapping[datetime, str]:
        """The hours that have labels, each with a name of these."""

    def waiting(self) -> tuple[Sequence[Waiting], Mapping[datetime, str]]:
        """The labels that wait, and the hours' contents that they were held against."""

    def wait(self, waiting: Sequence[Waiting], against: Mapping[datetime, str]) -> None:
        """Keep the labels that wait."""

    def days(self) -> Mapping[date, tuple[str, Sequence[Day]]]:
        """The counted days, each with a name of what it was counted from."""

    def count(self, day: date, content: str, counts: Sequence[Day]) -> None:
        """Keep a day's counts."""
