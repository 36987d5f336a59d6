"""The rollouts of an endpoint that have ended, told by their entries of the ledger. Pure."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from release.domain.ledger import Closed, End, Judged, Kind, Opened, Stored, Subject
from release.domain.pins import Pins


@dataclass(frozen=True)
class Finished:
    """One rollout, from its beginning to its end."""

    subject: Subject
    opened: Opened
    closed: Closed
    number: int
    """Of the entry that closed it."""
    at: datetime
    """When it was closed."""
    judged: tuple[Judged, ...]
    """How each of its steps that were watched ended, the first step first."""


def last(newest_first: Iterable[Stored], endpoint: str, ends: Container[str] = tuple(End)) -> Finished | None:
    """The last rollout of an endpoint that came to one of these ends; None where the ledger has none."""
    closed: Stored | None = None
    judged: list[Judged] = []
    for stored in newest_first:
        subject, what = stored.entry.subject, stored.entry.what
        if closed is None:
            ended = isinstance(what, Closed) and what.event in ends and subject.endpoint == endpoint
            closed = stored if ended else None
        elif subject.rollout == closed.entry.subject.rollout and isinstance(what, Judged):
            judged.insert(0, what)
        elif subject.rollout == closed.entry.subject.rollout and isinstance(what, Opened):
            end = closed.entry.what
            assert isinstance(end, Closed)
            at = datetime.fromisoformat(closed.entry.at)
            return Finished(subject, what, end, closed.number, at, tuple(judged))
    return None


ENTERING: tuple[Kind, ...] = ("release", "promote", "experiment")
"""Kinds of rollouts that bring a release into a stage, through its gates."""


@dataclass(frozen=True)
class LetIn:
    """A rollout that the gates of a stage let a release in by, and that was not taken back."""

    opened: Opened
    at: datetime
    """When it was opened: the gates passed by then."""


def entered(newest_first: Iterable[Stored], endpoint: str, release: str) -> LetIn | None:
    """How a release was last let in to an endpoint; None where no entry says so."""
    stayed: set[str] = set()
    for stored in newest_first:
        subject, what = stored.entry.subject, stored.entry.what
        if (subject.endpoint, subject.release) != (endpoint, release) or subject.kind not in ENTERING:
            continue
        if isinstance(what, Closed) and what.event is not End.REVERTED:
            stayed.add(subject.rollout)
        elif isinstance(what, Opened) and subject.rollout in stayed:
            return LetIn(what, datetime.fromisoformat(stored.entry.at))
    return None


def is_first(newest_first: Iterable[Stored], endpoint: str, release: str) -> bool:
    """Whether an endpoint's live release is the first that ever was: a rollout landed it, and no entry names
    another one that was live. Where no entry tells of it nothing is proven.
    """
    opened: dict[str, Opened] = {}
    landed: set[str] = set()
    known: set[str] = set()
    for stored in newest_first:
        subject, what = stored.entry.subject, stored.entry.what
        if isinstance(what, Closed) and endpoint in what.pins:
            known |= _named(what.pins[endpoint])
        if subject.endpoint == endpoint and isinstance(what, Opened):
            opened[subject.rollout] = what
        elif subject.endpoint == endpoint and isinstance(what, Closed) and what.event is End.LANDED:
            landed.add(subject.rollout)
    for rollout, what in opened.items():
        known |= _named(what.before) | (_named(what.after) if rollout in landed else set())
    return known == {release} and bool(landed)


def _named(pins: Pins) -> set[str]:
    """The releases that serve by these pins, or served before."""
    return {pin.release for pin in (pins.live, pins.previous) if pin is not None}
