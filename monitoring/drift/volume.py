"""How many rows there are, beside the weeks before: the reference does not know how much is asked. Pure."""

from collections.abc import Iterator

from monitoring.drift.anomaly import Anomaly
from monitoring.drift.state import VOLUME_HOURS, State, moment

WEEK = 7 * 24
WEEKS = (1, 2, 3, 4)
LEAST_WEEKS = 2
SILENT_HOURS, LEAST_IN_HOUR = 3, 10
LEAST_IN_DAY = 100
FEWER, MORE = 1 / 3, 3.0
"""Of the least, and of the most, that the same day of the weeks before had."""


def counted(state: State, hour: int, rows: int) -> None:
    """Take one hour's rows into what is kept."""
    state.volumes[hour] = rows
    while (oldest := next(iter(state.volumes))) <= hour - VOLUME_HOURS:
        del state.volumes[oldest]


def silence(state: State, hour: int) -> Iterator[Anomaly]:
    """No rows for hours in which the weeks before always had some."""
    hours = range(hour - SILENT_HOURS + 1, hour + 1)
    if any(state.volumes.get(each, 0) for each in hours):
        return
    before = [_weeks_before(state, each) for each in hours]
    if any(len(rows) < LEAST_WEEKS or min(rows) < LEAST_IN_HOUR for rows in before):
        return
    usual = min(sum(rows) / len(rows) for rows in before)
    yield Anomaly(
        "volume",
        "rows",
        moment(hours[0]),
        f"No row for {SILENT_HOURS} hours, in which the weeks before had {usual:.0f} and more an hour.",
        {"effect": -1.0, "rows": 0, "usual": usual, "hours": SILENT_HOURS},
    )


def day(state: State, first: int) -> Iterator[Anomaly]:
    """Many fewer, or many more, rows than the same day of the weeks before; `first` is its first hour."""
    rows = _of_day(state, first)
    known = sorted(state.volumes)
    before = [
        _of_day(state, first - weeks * WEEK) for weeks in WEEKS if known and first - weeks * WEEK >= known[0]
    ]
    if len(before) < LEAST_WEEKS or max(*before, rows) < LEAST_IN_DAY:
        return
    if not (rows < FEWER * min(before) or rows > MORE * max(before)):
        return
    usual = sum(before) / len(before)
    yield Anomaly(
        "volume",
        "rows a day",
        moment(first),
        f"{rows:,} rows on {moment(first):%Y-%m-%d}; the same day of the {len(before)} weeks before had "
        f"{min(before):,} to {max(before):,}.",
        {"effect": rows / max(usual, 1) - 1, "rows": rows, "usual": usual, "least": min(before)},
    )


def _of_day(state: State, first: int) -> int:
    return sum(state.volumes.get(hour, 0) for hour in range(first, first + 24))


def _weeks_before(state: State, hour: int) -> list[int]:
    found = (state.volumes.get(hour - weeks * WEEK) for weeks in WEEKS)
    return [rows for rows in found if rows is not None]
