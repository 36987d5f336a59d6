"""What is kept from one run of monitoring to the next, as a value that is also JSON.

It is bounded: some weeks of counts by day, a day of them by hour. What was decided is not asked for again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.counts import HourCounts
from monitoring.drift.layout import Layout
from monitoring.drift.reference import UnusableReference, unusable
from monitoring.finding import Finding

FORMAT = 1
DAYS = 28
HOURS = 24
VOLUME_HOURS = 36 * 24
"""So many hours' rows are kept, to compare a day with the same day of the weeks before."""

Counts = NDArray[np.int64]


def index(moment: datetime) -> int:
    """The hour of a moment, counted from 1970."""
    return int(moment.timestamp() // 3600)


def moment(hour: int) -> datetime:
    """When an hour begins."""
    return datetime.fromtimestamp(hour * 3600, UTC)


@dataclass
class Hour:
    """What was counted in one hour, over all columns in order; it may still grow."""

    index: int
    rows: int
    cells: Counts
    invalid: Counts
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def add(self, counted: HourCounts, layout: Layout) -> None:
        """Merge more of the same hour. Raises UnusableReference for counts of other binnings."""
        cells: list[int] = []
        invalid: list[int] = []
        for place, (name, size, number) in enumerate(layout.columns):
            column = counted.columns.get(name)
            if column is None:
                cells.extend(layout.nothing[place])
                invalid.append(0)
                continue
            if len(column.bins) != size:
                raise _of_others(counted, name)
            cells.extend(column.bins)
            cells.append(column.missing)
            if not number:
                cells.append(column.unseen)
            invalid.append(column.invalid)
            if column.low is not None and column.high is not None:
                self.low[place] = min(self.low[place], column.low)
                self.high[place] = max(self.high[place], column.high)
        self.rows += counted.rows
        self.cells += np.array(cells, dtype=np.int64)
        self.invalid += np.array(invalid, dtype=np.int64)


def empty(hour: int, layout: Layout) -> Hour:
    """An hour of which nothing is counted yet."""
    width = len(layout.binnings)
    nothing = np.zeros(width, dtype=np.int64)
    return Hour(
        hour,
        0,
        np.zeros(layout.width, dtype=np.int64),
        nothing,
        np.full(width, np.inf),
        -np.full(width, np.inf),
    )


@dataclass
class State:
    """Of one endpoint's release and its reference. `decide` returns a new one and changes none."""

    endpoint: str
    release: str
    digest: str
    """Of the reference."""
    first: int | None = None
    """The first hour that was counted."""
    open: Hour | None = None
    """The newest hour, until it is known that no more comes of it."""
    closed: int | None = None
    """The newest hour that is decided: what comes of it or before is late."""
    late_rows: int = 0
    today: int | None = None
    """The day that is being counted, from 1970."""
    today_cells: Counts | None = None
    days: list[tuple[int, Counts]] = field(default_factory=list)
    """Whole days with their counts, the latest last."""
    recent: list[tuple[int, int, Counts]] = field(default_factory=list)
    """The last 24 hours: hour, rows, and by column what is known, missing, unseen, invalid, out of range."""
    constant: NDArray[np.float64] | None = None
    """By column: the one value of its constant run (NaN: none), and the run's first hour, hours, rows."""
    absent: Counts | None = None
    """By category: busy hours and rows since it was last there."""
    volumes: dict[int, int] = field(default_factory=dict)
    """Rows by hour."""
    standing: dict[str, Finding] = field(default_factory=dict)
    """What holds now, by what it is decided from and its subject."""

    def to_json(self) -> str:
        """As JSON, from which the very same state is read."""
        held = {name: _plain(value) for name, value in vars(self).items()}
        return json.dumps({"format": FORMAT, **held}, sort_keys=True, separators=(",", ":"))


def begin(endpoint: str, release: str, layout: Layout, digest: str) -> State:
    """Nothing counted yet."""
    constant = np.zeros((4, len(layout.binnings)))
    constant[0] = np.nan
    return State(
        endpoint, release, digest, constant=constant, absent=np.zeros((2, layout.categories), dtype=np.int64)
    )


def from_json(text: str) -> State:
    """The state that `to_json` wrote. Raises UnusableReference where that is no state."""
    try:
        held: dict[str, Any] = json.loads(text)
        if held.pop("format") != FORMAT:
            raise ValueError("it has another format")
        for name in ("today_cells", "absent"):
            held[name] = None if held[name] is None else np.array(held[name], dtype=np.int64)
        held["constant"] = np.array(
            [[np.nan if each is None else each for each in row] for row in held["constant"]], dtype=np.float64
        )
        held["days"] = [(day, np.array(cells, dtype=np.int64)) for day, cells in held["days"]]
        held["recent"] = [(hour, rows, np.array(each, dtype=np.int64)) for hour, rows, each in held["recent"]]
        held["volumes"] = dict(sorted((int(hour), rows) for hour, rows in held["volumes"].items()))
        held["standing"] = {name: Finding.model_validate(each) for name, each in held["standing"].items()}
        held["open"] = None if held["open"] is None else _hour(held["open"])
        return State(**held)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnusableReference(
            f"What monitoring kept of its last run cannot be read: {str(error)[:150]}.",
            "Drift cannot be decided from where it was; nothing else is touched.",
            "Begin anew, without it: windows then start at the first hour that is counted.",
        ) from error


def _plain(value: Any) -> Any:
    match value:
        case np.ndarray():
            return _plain(value.tolist())
        case float():
            return None if np.isnan(value) else value if np.isfinite(value) else str(value)
        case Hour():
            return {name: _plain(each) for name, each in vars(value).items()}
        case Finding():
            return value.model_dump(mode="json")
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def _hour(held: dict[str, Any]) -> Hour:
    counts = {name: np.array(held[name], dtype=np.int64) for name in ("cells", "invalid")}
    ends = {name: np.array(list(map(float, held[name])), dtype=np.float64) for name in ("low", "high")}
    return Hour(held["index"], held["rows"], counts["cells"], counts["invalid"], ends["low"], ends["high"])


def _of_others(counted: HourCounts, name: str) -> UnusableReference:
    return unusable(
        f"{name} of {counted.endpoint} at {counted.hour:%Y-%m-%d %H:00} is counted in "
        f"{len(counted.columns[name].bins)} bins, another number than the reference's"
    )
