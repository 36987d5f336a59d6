"""When windows begin and end: at multiples of their length since 1970, one after the other. Pure."""

from typing import NamedTuple

LONGEST_SECONDS = 60.0
"""A longer window would come too late to be compared, so its begin is moved."""


class Interval(NamedTuple):
    """Seconds since 1970, `start < end`."""

    start: float
    end: float


def first(now: float, length: int) -> Interval:
    """From `now` to the next multiple of `length`."""
    return Interval(int(now * 1000) / 1000, _multiple(now, length) + length)


def closed(current: Interval, now: float, length: int) -> Interval | None:
    """`current` as it ends at `now`, or None while it lasts.

    Where nobody looked for long, the window is longer. Where the clock was set (back by more than a window,
    or ahead by more than LONGEST_SECONDS), it is the last whole one by the new time.
    """
    end = _multiple(now, length)
    if current.start - length < now < current.end:
        return None
    start = current.start if current.start < end <= current.start + LONGEST_SECONDS else end - length
    return Interval(start, end)


def following(previous: Interval, length: int) -> Interval:
    """The window after `previous`, without a gap."""
    return Interval(previous.end, previous.end + length)


def cut(current: Interval, now: float) -> Interval:
    """`current`, ended at `now` for good."""
    end = round(now, 3)
    return Interval(current.start, end if end > current.start else current.start + 0.001)


def _multiple(now: float, length: int) -> float:
    return float(now // length * length)
