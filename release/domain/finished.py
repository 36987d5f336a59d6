"""The last rollout of an endpoint that has ended, told by its entries of the ledger. Pure."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from release.domain.ledger import Closed, End, Judged, Opened, Stored, Subject


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
