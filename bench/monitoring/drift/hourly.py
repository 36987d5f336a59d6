"""Many months, looked at every hour: what `decide` finds by hours, from the same rules.

Only what is kept for them is kept, and hours are arrays from the draw on, so that a month takes a fraction
of a second. What `decide` finds when a day is complete is `daily.py`'s; a month's findings are both.
"""

from collections.abc import Iterator

import numpy as np

from bench.monitoring.drift import streams
from bench.monitoring.drift.source import Source
from bench.monitoring.drift.streams import Day
from monitoring.drift import sudden
from monitoring.drift.decide import new
from monitoring.drift.layout import Layout
from monitoring.drift.state import Hour, index


def alarmed(held: Source, days: list[Day], rows: int, seed: int, length: int) -> tuple[int, str] | None:
    """The first hour (counted from 1) after which a month has a finding by hours, and what of; None: none.

    The hours are those of `streams.month` with this seed.
    """
    state = new(streams.ENDPOINT, streams.RELEASE, held.reference)
    begin = state.first = index(streams.BEGIN)
    for hour in _month(days, rows, seed, held.layout, length):
        if hour.rows:
            sudden.seen(state, hour, held.layout)
            for anomaly in sudden.anomalies(state, hour, held.reference, held.layout):
                return hour.index - begin + 1, anomaly.subject
    return None


def _month(days: list[Day], rows: int, seed: int, layout: Layout, length: int) -> Iterator[Hour]:
    rng = np.random.default_rng(seed)
    begin = index(streams.BEGIN)
    for number in range(length):
        day = days[rng.integers(len(days))]
        times = rng.multinomial(rows, np.full(len(day.hour), 1 / len(day.hour)))
        yield from _hours(day, times, begin + 24 * number, layout)


def _hours(day: Day, times: np.ndarray, begin: int, layout: Layout) -> Iterator[Hour]:
    """As `streams.hours`, merged into what an hour is when it is complete."""
    there = times > 0
    hour, cells, values, times = day.hour[there], day.cells[there], day.values[there], times[there]
    flat = (hour[:, None] * layout.width + cells).ravel()
    counted = np.bincount(flat, np.repeat(times, cells.shape[1]), minlength=24 * layout.width)
    held = counted.astype(np.int64).reshape(24, layout.width)
    asked = np.bincount(hour, times, minlength=24).astype(np.int64).tolist()
    low, high = np.full((24, cells.shape[1]), np.inf), np.full((24, cells.shape[1]), -np.inf)
    begins = np.flatnonzero(np.append(True, hour[1:] != hour[:-1]))
    unknown = np.isnan(values)
    low[hour[begins]] = np.minimum.reduceat(np.where(unknown, np.inf, values), begins)
    high[hour[begins]] = np.maximum.reduceat(np.where(unknown, -np.inf, values), begins)
    nothing = np.zeros(cells.shape[1], dtype=np.int64)
    for each in range(24):
        yield Hour(begin + each, asked[each], held[each], nothing, low[each], high[each])
