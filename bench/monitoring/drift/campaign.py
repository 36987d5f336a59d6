"""The runs, kept as JSON: a cell is one kind of stream at one volume. What is there is not run again."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.monitoring.drift import daily, hourly, streams
from bench.monitoring.drift.changes import INJECTED
from bench.monitoring.drift.practices import Psi
from bench.monitoring.drift.source import Source, source
from bench.monitoring.drift.streams import Day
from demo.project import ROOT
from monitoring.counts import HourCounts
from monitoring.drift.decide import decide, new
from monitoring.finding import Finding

FOLDER = ROOT / ".build" / "bench" / "drift"
VOLUMES = (500, 5_000, 50_000, 1_000_000)
NULL = "no drift"
UNSEEN = "no drift, days that the reference has not seen"
UNSEEN_ROWS, UNSEEN_RUNS, UNSEEN_HOURLY, HALVES = 5_000, 100, 200, 10
DAILY_RUNS, RUNS, INJECTED_RUNS = 1000, 100, 100
LENGTH = 30
BATCH = 25
FIRST_SEED = 1_000_000
"""No smaller seed's streams are reported: those were looked at while it was built."""


@dataclass(frozen=True)
class Cell:
    """What is run."""

    name: str
    rows: int
    runs: int

    @property
    def path(self) -> Path:
        """Where its outcomes are kept."""
        words = "".join(each if each.isalnum() else "-" for each in self.name)
        return FOLDER / f"{words}-{self.rows}.json"


def cells(scale: float) -> list[Cell]:
    """All of them, those without drift first."""
    null = [Cell(NULL, rows, max(1, round(RUNS * scale))) for rows in VOLUMES]
    names = [each.name for each in INJECTED]
    unseen = Cell(UNSEEN, UNSEEN_ROWS, max(1, round(UNSEEN_RUNS * scale)))
    return [*null, unseen] + [
        Cell(name, rows, max(1, round(INJECTED_RUNS * scale))) for name in names for rows in VOLUMES
    ]


@lru_cache(maxsize=3)
def _days(name: str) -> tuple[Source, list[Day]]:
    held = source(ROOT / ".build")
    change = next((each.change for each in INJECTED if each.name == name), None)
    return held, streams.days(change(held.table) if change else held.table, held.reference)


@lru_cache(maxsize=10)
def _half(number: int) -> tuple[Source, list[Day]]:
    """A reference of half of the days, and the other half as the days of streams."""
    held, days = _days(NULL)
    order = np.random.default_rng(number).permutation(len(days))
    chosen, others = np.sort(order[::2]), order[1::2]
    counts = {name: counted[chosen] for name, counted in held.reference.counts.items()}
    half = replace(held.reference, counts=counts, digest=f"half {number}")
    return replace(held, reference=half), [days[place] for place in others]


def run(wanted: list[Cell], jobs: int) -> Iterator[str]:
    """Run what is missing of each cell, in batches that are kept as they end; a line for each cell."""
    source(ROOT / ".build")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(jobs) as pool:
        for cell in wanted:
            started, held = time.monotonic(), kept(cell)
            seeds = range(FIRST_SEED + len(held), FIRST_SEED + cell.runs)
            batches = [list(seeds[low : low + BATCH]) for low in range(0, len(seeds), BATCH)]
            for outcomes in pool.map(_batch, [cell] * len(batches), batches):
                held += outcomes
                cell.path.write_text(json.dumps({"cell": vars(cell), "outcomes": held}), encoding="utf-8")
            alarmed = sum(each["first"] is not None for each in held)
            yield f"{cell.name}, {cell.rows:,} rows a day: {alarmed} of {len(held)} alarmed, " + (
                f"{time.monotonic() - started:.0f} s"
            )


def daily_path(name: str, rows: int) -> Path:
    """Where the months are kept that were looked at by day."""
    return FOLDER / f"daily-{'unseen' if name == UNSEEN else 'null'}-{rows}.json"


def run_daily(scale: float, jobs: int) -> Iterator[str]:
    """Many months without drift, looked at by day: a line for each volume."""
    runs = max(HALVES, round(DAILY_RUNS * scale))
    FOLDER.mkdir(parents=True, exist_ok=True)
    source(ROOT / ".build")
    asked = [(name, rows) for name in (NULL, UNSEEN) for rows in VOLUMES]
    with ProcessPoolExecutor(jobs) as pool:
        found = pool.map(_daily, *zip(*asked, strict=True), [runs] * len(asked))
        for (name, rows), alarms in zip(asked, found, strict=True):
            held = {"name": name, "rows": rows, "runs": runs, "first_seed": FIRST_SEED, "alarms": alarms}
            daily_path(name, rows).write_text(json.dumps(held), encoding="utf-8")
            yield f"{name}, {rows:,} rows a day, by days: {len(alarms)} of {runs} alarmed"


def _daily(name: str, rows: int, runs: int) -> list[tuple[int, int]]:
    """Seed and day of each month that alarmed."""
    found = []
    for seed in range(FIRST_SEED, FIRST_SEED + runs):
        held, days = _half(seed % HALVES) if name == UNSEEN else _days(name)
        first = daily.alarmed(held, days, rows, seed, LENGTH)
        if first is not None:
            found.append((seed, first))
    return found


def hourly_path(name: str, rows: int) -> Path:
    """Where the months without drift are kept that were looked at every hour."""
    return FOLDER / f"hourly-{'unseen' if name == UNSEEN else 'null'}-{rows}.json"


def run_hourly(scale: float, jobs: int) -> Iterator[str]:
    """The same months as by day, looked at every hour: what is missing, a line for each volume."""
    asked = [*((NULL, rows, DAILY_RUNS) for rows in VOLUMES), (UNSEEN, UNSEEN_ROWS, UNSEEN_HOURLY)]
    with ProcessPoolExecutor(jobs) as pool:
        for name, rows, runs in asked:
            path, of = hourly_path(name, rows), max(1, round(runs * scale))
            held: dict[str, Any] = {"runs": 0, "alarms": []}
            if path.is_file():
                held = json.loads(path.read_text(encoding="utf-8"))
            done, alarms = held["runs"], held["alarms"]
            seeds = range(FIRST_SEED + done, FIRST_SEED + of)
            batches = [seeds[low : low + BATCH] for low in range(0, len(seeds), BATCH)]
            each = [name] * len(batches), [rows] * len(batches), batches
            for batch, found in zip(batches, pool.map(_hourly, *each), strict=True):
                done, alarms = done + len(batch), alarms + found
                held = {"rows": rows, "runs": done, "first_seed": FIRST_SEED, "alarms": alarms}
                path.write_text(json.dumps(held), encoding="utf-8")
            yield f"{name}, {rows:,} rows a day, by hours: {len(alarms)} of {done} alarmed"


def _hourly(name: str, rows: int, seeds: range) -> list[tuple[int, int, str]]:
    """Seed, hour and subject of each month that alarmed."""
    found = []
    for seed in seeds:
        held, days = _half(seed % HALVES) if name == UNSEEN else _days(name)
        alarm = hourly.alarmed(held, days, rows, seed, LENGTH)
        if alarm is not None:
            found.append((seed, *alarm))
    return found


def kept(cell: Cell) -> list[dict[str, Any]]:
    """The outcomes that are there."""
    if not cell.path.is_file():
        return []
    return list(json.loads(cell.path.read_text(encoding="utf-8"))["outcomes"])


def _batch(cell: Cell, seeds: list[int]) -> list[dict[str, Any]]:
    if cell.name == UNSEEN:
        return [_month(cell, *_half(seed % HALVES), seed) for seed in seeds]
    return [_month(cell, *_days(cell.name), seed) for seed in seeds]


def _month(cell: Cell, held: Source, days: list[Day], seed: int) -> dict[str, Any]:
    """One month, through `decide`; with drift it ends with the day in which it was found."""
    reference, rows = held.reference, 0
    state = new(streams.ENDPOINT, streams.RELEASE, reference)
    first: Finding | None = None
    noticed: list[str] = []
    psi, of_psi = Psi(reference), []
    for number, hours in enumerate(streams.month(days, cell.rows, seed, held.layout, LENGTH)):
        if first is not None and cell.name not in (NULL, UNSEEN):
            break
        of_psi.append(round(psi.worst(_total(hours, held)), 4))
        decision = decide(reference, state, hours, streams.BEGIN + timedelta(days=number + 1))
        state = decision.state
        noticed += [f"{each.kind} {each.subject}" for each in decision.noticed]
        found = [each for each in decision.noticed if each.kind != "volume"]
        if first is None and found:
            first = found[0]
            rows += sum(each.rows for each in hours if each.hour < first.noticed)
        rows += sum(each.rows for each in hours) if first is None else 0
    return {
        "seed": seed,
        "first": None if first is None else first.subject,
        "hours": None if first is None else (first.noticed - streams.BEGIN) / timedelta(hours=1),
        "rows": None if first is None else rows,
        "noticed": noticed,
        "psi": of_psi,
    }


def _total(hours: list[HourCounts], held: Source) -> np.ndarray:
    total = np.zeros(held.layout.width, dtype=np.int64)
    for hour in hours:
        if hour.columns:
            cells: list[int] = []
            for name, _, number in held.layout.columns:
                column = hour.columns[name]
                cells += [*column.bins, column.missing, *(() if number else (column.unseen,))]
            total += np.array(cells)
    return total
