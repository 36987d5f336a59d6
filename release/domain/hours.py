"""When a stage's rollouts may give a candidate more traffic: days and hours of a week, in a time zone.

Pure: the moment comes from the caller.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM = re.compile(
    r"(?P<first>[A-Z][a-z]{2})(?:-(?P<last>[A-Z][a-z]{2}))? "
    r"(?P<start>\d{2}:\d{2})-(?P<end>\d{2}:\d{2})(?: (?P<zone>\w+(?:/[\w+-]+)*))?"
)


@dataclass(frozen=True)
class Window:
    """`text` taken apart: days of the week (Monday is 0), minutes of the day, and the zone they are in."""

    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo

    def open_at(self, moment: datetime) -> bool:
        """Whether an aware `moment` lies in it."""
        here = moment.astimezone(self.zone)
        return here.weekday() in self.days and self.start <= here.hour * 60 + here.minute < self.end


def parse(text: str) -> Window:
    """The window that `text` describes: `Mon-Fri 09:00-16:00 Europe/Berlin`, in UTC without a zone.

    Raises ValueError that says what is wrong with it.
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no window of a week: write it as `Mon-Fri 09:00-16:00 Europe/Berlin`")
    names = found["first"], found["last"] or found["first"]
    if not set(names) <= set(_DAYS):
        raise ValueError(f"{text!r} names no days: they are {', '.join(_DAYS)}")
    first, last = (_DAYS.index(name) for name in names)
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    start, end = _minutes(found["start"]), _minutes(found["end"])
    if not 0 <= start < end <= 24 * 60:
        raise ValueError(f"{text!r} does not begin before it ends, within one day")
    try:
        zone = ZoneInfo(found["zone"] or "UTC")
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{found['zone']!r} is no time zone known here, such as Europe/Berlin") from None
    return Window(frozenset(days), start, end, zone)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes) if int(minutes) < 60 else -1


def _checked(text: str) -> str:
    parse(text)
    return text


Hours = Annotated[str, AfterValidator(_checked)]
"""The text of a window, checked."""
