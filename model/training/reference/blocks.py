"""The rows of a reference in order of time, and which day and hour each is of.

Drift is measured against whole days, because what one day's rows have in common (weather, a campaign) is no
evidence of drift, however many rows there are. Where a service names no column of times, rows in their order
stand for days, and how days differ is then not known.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from model.contract import Service

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 200_000
"""More are thinned out, evenly in time: every second one, every third one, ..."""
MOST_DAYS = 400
"""Of more days the latest are kept: a year with every season of it."""
ROW_BLOCKS, LEAST_IN_BLOCK = 100, 100
BUSY = 0.1
"""An hour counts as busy with this part of the rows of its day's busiest hour."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """Rows in order, the number of the block that each is of, and of its busy hour."""

    rows: "pd.DataFrame"
    kind: Literal["days", "rows"]
    names: tuple[str, ...]
    """Of days, as `2013-01-31`; none of blocks of rows."""
    block: Numbers
    hour: Numbers | None
    """The busy hours of all days are counted on from 0; -1 in an hour that is not busy. None where the time
    has no hours."""
    every: int
    """Each so many-th row was kept."""

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return int(self.block[-1]) + 1 if len(self.block) else 0


def blocked(service: Service, rows: "pd.DataFrame") -> Blocks:
    """The rows by day where the service names a column of times, else in blocks in their order."""
    times = _times(service, rows)
    if times is None:
        thinned, every = _thinned(rows)
        return Blocks(thinned, "rows", (), _in_order(len(thinned)), None, every)
    order = np.argsort(times.to_numpy(), kind="stable")
    rows, times = rows.iloc[order], times.iloc[order]
    known = times.notna().to_numpy()
    rows, times = _of_whole_days(rows.loc[known], times.loc[known])
    thinned, every = _thinned(rows)
    times = times.iloc[::every]
    days = times.dt.floor("D")
    number = np.unique(days.to_numpy(), return_inverse=True)[1]
    names = tuple(str(day.date()) for day in days.drop_duplicates())
    return Blocks(thinned, "days", names, number.astype(np.int64), _busy_hours(times, number), every)


def _times(service: Service, rows: "pd.DataFrame") -> "pd.Series | None":
    """When each row happened, UTC; None where that is not known, or known of fewer than two days."""
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype

    name = service.expected.time
    if name is None or rows.empty or not is_datetime64_any_dtype(rows[name]):
        return None
    times = pd.to_datetime(rows[name], utc=True)
    return times if times.dt.floor("D").nunique() > 1 else None


def _of_whole_days(rows: "pd.DataFrame", times: "pd.Series") -> "tuple[pd.DataFrame, pd.Series]":
    """Without a first or last day that was cut off (under half of a usual day), and the latest days alone."""
    days = times.dt.floor("D")
    counted = days.value_counts().sort_index()
    usual = counted.median()
    kept = list(counted.index)
    while len(kept) > 2 and counted[kept[0]] < usual / 2:
        kept.pop(0)
    while len(kept) > 2 and counted[kept[-1]] < usual / 2:
        kept.pop()
    chosen = days.isin(kept[-MOST_DAYS:]).to_numpy()
    return rows.loc[chosen], times.loc[chosen]


def _thinned(rows: "pd.DataFrame") -> "tuple[pd.DataFrame, int]":
    every = max(1, -(-len(rows) // MOST_ROWS))
    return rows.iloc[::every], every


def _in_order(count: int) -> Numbers:
    blocks = max(1, min(ROW_BLOCKS, count // LEAST_IN_BLOCK))
    return np.arange(count, dtype=np.int64) * blocks // max(1, count)


def _busy_hours(times: "pd.Series", day: Numbers) -> Numbers | None:
    hours = times.dt.floor("h").to_numpy()
    if (times.dt.hour == 0).all():
        return None
    _, first, of_row, rows = np.unique(hours, return_index=True, return_inverse=True, return_counts=True)
    day_of_hour = day[first]
    busiest = np.zeros(int(day[-1]) + 1)
    np.maximum.at(busiest, day_of_hour, rows)
    busy = rows >= BUSY * busiest[day_of_hour]
    numbers = np.where(busy, np.cumsum(busy) - 1, -1)
    return numbers[of_row].astype(np.int64)
