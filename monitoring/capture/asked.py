"""What of an endpoint was to be captured, and when: as the stage's ledger tells. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitoring.hours import ALWAYS
from release.domain.capture import Capture
from release.domain.ledger import Closed, End, Entry, Opened
from release.domain.pins import Pins, ReleasePin


@dataclass(frozen=True)
class Asked:
    """From `start` on, the captures of what served; None among them where one of it captured nothing."""

    start: datetime
    captures: frozenset[Capture | None]


def asked(entries: Iterable[Entry], endpoint: str, live: ReleasePin | None) -> tuple[Asked, ...]:
    """All that was asked for, oldest first, by the ledger's entries of an endpoint, oldest first.

    `live` is what the stage's file names: what always served where the ledger tells of no rollout.
    """
    found: list[Asked] = []
    opened: Opened | None = None
    for entry in entries:
        if entry.subject.endpoint != endpoint:
            continue
        at = datetime.fromisoformat(entry.at)
        match entry.what:
            case Opened() as what:
                opened = what
                if not found:
                    found.append(Asked(ALWAYS, _of(what.before)))
                found.append(Asked(at, _of(what.before) | _of(what.after)))
            case Closed() as what if opened is not None:
                serves = opened.after if what.event is End.LANDED else opened.before
                found.append(Asked(at, _of(what.pins.get(endpoint, serves))))
                opened = None
    return tuple(found) or (Asked(ALWAYS, _of(Pins(live=live))),)


def between(told: Iterable[Asked], start: datetime, end: datetime) -> Capture | str:
    """The one capture that was asked for from `start` to `end`; in words why there is none."""
    found: frozenset[Capture | None] = frozenset()
    for one in told:
        if one.start >= end:
            break
        found = one.captures if one.start <= start else found | one.captures
    if found <= {None}:
        return "nothing was captured"
    [*several] = found
    if len(several) > 1 or several[0] is None:
        return "what is captured changed in it"
    return several[0]


def places(told: Iterable[Asked]) -> tuple[str, ...]:
    """Wherever anything was ever captured to."""
    return tuple(sorted({capture.to for one in told for capture in one.captures if capture}))


def _of(pins: Pins) -> frozenset[Capture | None]:
    return frozenset() if pins.live is None else frozenset({pins.live.capture})
