"""Log events: the limits of a batch, and pages of what a stream or a group holds. Pure.

Source: the API reference of PutLogEvents, GetLogEvents and FilterLogEvents. A page ends at its limit or at
1 MiB. A token names the last event of a page, so it stays right while events come and go.
"""

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
MOST_EVENT_BYTES = 1_048_576
OVERHEAD = 26
"""Bytes that each event counts beyond its message."""

_DAY = 86_400_000
_OLDEST = 14 * _DAY
_NEWEST = 2 * 3_600_000
_TOKEN = re.compile(r"(?P<way>[fb])/(?P<time>\d{20})(?P<number>\d{36})")


class BadBatch(ValueError):
    """A batch that PutLogEvents refuses as a whole."""


class BadToken(ValueError):
    """A token that no answer gave."""


@dataclass(frozen=True, slots=True)
class Event:
    """One log event; the names are those that moto's Logs Insights reads."""

    timestamp: int
    """Milliseconds since the epoch."""
    event_id: int
    """Grows with every event of the sandbox, so that (timestamp, event_id) is an order."""
    message: str
    ingestion_time: int
    stream: str

    @property
    def key(self) -> tuple[int, int]:
        """Its place among all events."""
        return self.timestamp, self.event_id

    @property
    def size(self) -> int:
        """Bytes that it counts."""
        return len(self.message.encode()) + OVERHEAD


@dataclass(frozen=True)
class Accepted:
    """What of a batch is kept, and rejectedLogEventsInfo of the rest."""

    events: Sequence[Mapping[str, Any]]
    rejected: Mapping[str, int]


def check_batch(events: Sequence[Mapping[str, Any]], now: int, retention_days: int | None) -> Accepted:
    """The events of a batch that are kept at `now` (milliseconds). Raises BadBatch."""
    if not events:
        raise BadBatch(
            "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member "
            "must have length greater than or equal to 1"
        )
    if len(events) > MOST_EVENTS:
        raise BadBatch(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must "
            f"have length less than or equal to {MOST_EVENTS}"
        )
    sizes = [len(event["message"].encode()) + OVERHEAD for event in events]
    if max(sizes) > MOST_EVENT_BYTES:
        raise BadBatch(f"Log event too large: {max(sizes)} bytes exceeds limit of {MOST_EVENT_BYTES}")
    if sum(sizes) > MOST_BYTES:
        raise BadBatch(f"Upload too large: {sum(sizes)} bytes exceeds limit of {MOST_BYTES}")
    times = [int(event["timestamp"]) for event in events]
    if any(later < earlier for earlier, later in itertools.pairwise(times)):
        raise BadBatch("Log events in a single PutLogEvents request must be in chronological order.")
    first_new = bisect_right(times, now + _NEWEST)
    after_old = bisect_left(times, now - _OLDEST)
    after_expired = bisect_left(times, now - retention_days * _DAY) if retention_days else 0
    kept = events[max(after_old, after_expired) : first_new]
    if kept and int(kept[-1]["timestamp"]) - int(kept[0]["timestamp"]) > _DAY:
        raise BadBatch(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    rejected = {}
    if first_new < len(events):
        rejected["tooNewLogEventStartIndex"] = first_new
    if after_old:
        rejected["tooOldLogEventEndIndex"] = after_old
    if after_expired > after_old:
        rejected["expiredLogEventEndIndex"] = after_expired
    return Accepted(kept, rejected)


def token(way: str, key: tuple[int, int]) -> str:
    """The token of a place; `way` is f (onward) or b (backward)."""
    return f"{way}/{key[0]:020d}{key[1]:036d}"


def read_token(text: str) -> tuple[str, tuple[int, int]]:
    """Way and place of a token. Raises BadToken."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        raise BadToken
    return match["way"], (int(match["time"]), int(match["number"]))


@dataclass(frozen=True)
class Page:
    """Events in ascending order, and the tokens of the pages beside them."""

    events: Sequence[Event]
    forward: str
    backward: str


def stream_page(events: Sequence[Event], limit: int, start_from_head: bool, next_token: str | None) -> Page:
    """A page of GetLogEvents. `events` is sorted by key. Raises BadToken."""
    if next_token is not None:
        way, place = read_token(next_token)
        if way == "f":
            found = _first(events[bisect_right(events, place, key=_key) :], limit)
        else:
            found = _last(events[: bisect_left(events, place, key=_key)], limit)
        if not found:  # the end of the stream: the same token again
            other = token("b" if way == "f" else "f", place)
            return Page(found, *((next_token, other) if way == "f" else (other, next_token)))
    else:
        found = _first(events, limit) if start_from_head else _last(events, limit)
        if not found:
            return Page(found, token("f", (0, 0)), token("b", (0, 0)))
    return Page(found, token("f", found[-1].key), token("b", found[0].key))


def group_page(
    events: Sequence[Event], limit: int, start_from_head: bool, next_token: str | None
) -> tuple[Sequence[Event], str | None]:
    """A page of FilterLogEvents and the token of the next, None at the end. Raises BadToken."""
    ahead = start_from_head
    if next_token is not None:
        way, place = read_token(next_token)
        ahead = way == "f"
        if ahead:
            events = events[bisect_right(events, place, key=_key) :]
        else:
            events = events[: bisect_left(events, place, key=_key)]
    found = _first(events, limit) if ahead else _last(events, limit)[::-1]
    if len(found) == len(events):
        return found, None
    return found, token("f" if ahead else "b", found[-1].key)


def _key(event: Event) -> tuple[int, int]:
    return event.key


def _first(events: Sequence[Event], limit: int) -> list[Event]:
    return list(events[: _fitting(events[:limit])])


def _last(events: Sequence[Event], limit: int) -> list[Event]:
    newest = list(events[-limit:])[::-1]
    return newest[: _fitting(newest)][::-1]


def _fitting(events: Sequence[Event]) -> int:
    """How many of the first events fit into one answer; at least one."""
    room = MOST_BYTES
    for number, event in enumerate(events):
        room -= event.size
        if room < 0:
            return max(number, 1)
    return len(events)
