"""Streams of hour counts, drawn from real days: each row of a day is as likely as any other of that day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.counts import Counted, HourCounts
from monitoring.drift import layout as layouts
from monitoring.drift.layout import Layout
from monitoring.drift.reference import Reference

ENDPOINT, RELEASE = "delays", "b0b0b0b0b0b0"
BEGIN = datetime(2014, 1, 1, tzinfo=UTC)

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Day:
    """The rows of one day: of each its hour, and of each column its cell and its value."""

    date: datetime
    hour: Counts
    cells: Counts
    """Rows by columns, as places in the layout's one long row."""
    values: NDArray[np.float64]
    """Of the numbers; NaN where missing and of categories."""


def days(table: pd.DataFrame, reference: Reference) -> list[Day]:
    """The days of a table with the reference's columns, a column of times `departure`, and `score`."""
    layout = layouts.of(reference)
    ordered = table.sort_values("departure", kind="stable")
    cells, values = _binned(ordered, layout)
    dates = ordered["departure"].dt.floor("D")
    hour = ordered["departure"].dt.hour.to_numpy()
    edges = np.flatnonzero(np.append(True, dates.to_numpy()[1:] != dates.to_numpy()[:-1]))
    return [
        Day(dates.iloc[low].to_pydatetime(), hour[low:high], cells[low:high], values[low:high])
        for low, high in zip(edges, [*edges[1:], len(ordered)], strict=True)
    ]


def _binned(rows: pd.DataFrame, layout: Layout) -> tuple[Counts, NDArray[np.float64]]:
    cells = np.empty((len(rows), len(layout.binnings)), dtype=np.int64)
    values = np.full(cells.shape, np.nan)
    for place, (binning, start) in enumerate(zip(layout.binnings, layout.starts, strict=True)):
        if binning.kind == "category":
            text = rows[binning.name].fillna("").astype(str)
            codes = text.map({name: code for code, name in enumerate(binning.categories)})
            held = codes.fillna(binning.size + 1).where(text != "", binning.size).to_numpy("int64")
        else:
            values[:, place] = rows[binning.name].to_numpy("float64", na_value=np.nan)
            found = np.searchsorted(np.array(binning.edges), values[:, place], side="right")
            held = np.where(np.isnan(values[:, place]), binning.size, found)
        cells[:, place] = start + held
    return cells, values


def hours(
    day: Day, times: Counts, begin: datetime, layout: Layout, release: str = RELEASE
) -> Iterator[HourCounts]:
    """A day's hours, where each of its rows was asked so many `times`."""
    there = times > 0
    hour, cells, values, times = day.hour[there], day.cells[there], day.values[there], times[there]
    flat = (hour[:, None] * layout.width + cells).ravel()
    weights = np.repeat(times, cells.shape[1])
    counts = np.bincount(flat, weights, minlength=24 * layout.width).astype(np.int64)
    rows = np.bincount(hour, times, minlength=24).astype(np.int64)
    ends = np.searchsorted(hour, np.arange(25))
    for each in range(24):
        part = values[ends[each] : ends[each + 1]]
        held = counts[each * layout.width : (each + 1) * layout.width].tolist()
        columns = _columns(held, part, layout) if rows[each] else {}
        at, asked = begin + timedelta(hours=each), int(rows[each])
        yield HourCounts(ENDPOINT, "live", release, at, asked, asked, columns)


def _columns(held: list[int], values: NDArray[np.float64], layout: Layout) -> dict[str, Counted]:
    low = np.where(np.isnan(values), np.inf, values).min(axis=0).tolist()
    high = np.where(np.isnan(values), -np.inf, values).max(axis=0).tolist()
    columns = {}
    for place, (binning, start) in enumerate(zip(layout.binnings, layout.starts.tolist(), strict=True)):
        end = start + binning.size
        bins, missing = tuple(held[start:end]), held[end]
        if binning.kind == "category":
            columns[binning.name] = Counted(bins, missing, held[end + 1])
        elif low[place] <= high[place]:
            columns[binning.name] = Counted(bins, missing, 0, 0, low[place], high[place])
        else:
            columns[binning.name] = Counted(bins, missing)
    return columns


def month(
    known: list[Day], rows: int, seed: int, layout: Layout, length: int = 30
) -> Iterator[list[HourCounts]]:
    """So many days, each one of the known days with `rows` rows of it: its rows are drawn with return."""
    rng = np.random.default_rng(seed)
    for number in range(length):
        day = known[rng.integers(len(known))]
        size = len(day.hour)
        times = rng.multinomial(rows, np.full(size, 1 / size))
        yield list(hours(day, times, BEGIN + timedelta(days=number), layout))
