"""The hour and the day, by which monitoring works: where they begin, an hour's folder and place. Pure."""

from datetime import UTC, date, datetime, time, timedelta

from release.domain import names

HOUR = timedelta(hours=1)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything was captured."""


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour that a moment lies in, UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_begins(day: date) -> datetime:
    """The first moment of a day, UTC."""
    return datetime.combine(day, time(), UTC)


def day_ends(day: date) -> datetime:
    """The first moment after a day, UTC."""
    return day_begins(day) + timedelta(days=1)


def complete_until(now: datetime, grace: timedelta) -> datetime:
    """The first hour that is not complete: of those before it nothing is waited for any more.

    What was captured in an hour comes minutes late; `grace` is how long after the hour's end it may.
    """
    return hour_of(now - grace)


def folder(hour: datetime) -> str:
    """`yyyy/mm/dd/hh`."""
    return f"{hour:%Y/%m/%d/%H}"


def parsed(text: str) -> datetime:
    """The hour that `yyyy/mm/dd/hh` names. Raises ValueError."""
    return datetime.strptime(text, "%Y/%m/%d/%H").replace(tzinfo=UTC)


def place(endpoint: str) -> str:
    """Under which prefix of the stage's bucket all of an endpoint's monitoring lies."""
    return f"{names.MONITORING}{endpoint}/"
