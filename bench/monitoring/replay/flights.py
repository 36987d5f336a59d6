"""The flights by the hour of departure: one request an hour, and truth that comes late. No chance in it.

A request's inference id is its flights' hour (UTC): the sandbox answers today, the id says when they were.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from model.service.service import SERVICE

KNOWN = timedelta(hours=8)
"""So long after the hour of departure it is known who was late ..."""
LATE = timedelta(hours=36)
"""... but for every tenth flight only now, ..."""
CORRECTED = timedelta(hours=30)
"""... and for every hundredth it was told wrongly before."""
FORM = "%Y-%m-%dT%H"


@dataclass(frozen=True)
class Hour:
    """The flights that left in one hour."""

    begin: datetime
    rows: pd.DataFrame

    @property
    def name(self) -> str:
        """The inference id of their request."""
        return f"{self.begin:{FORM}}"

    def body(self) -> bytes:
        """Their request."""
        inputs = SERVICE.inputs(self.rows).to_dict("records")
        return json.dumps({"instances": [{k: _plain(v) for k, v in row.items()} for row in inputs]}).encode()

    def labels(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """When what is told of each flight."""
        for row, late in enumerate(SERVICE.labels(self.rows).tolist()):
            name = f"{self.name}#{row}"
            number = self.begin.toordinal() * 24 + self.begin.hour + row
            if number % 100 == 0:
                yield self._told(name, 1 - late, KNOWN)
                yield self._told(name, late, CORRECTED)
            else:
                yield self._told(name, late, LATE if number % 10 == 3 else KNOWN)

    def _told(self, name: str, outcome: int, after: timedelta) -> tuple[datetime, dict[str, Any]]:
        moment = self.begin + after
        return moment, {"inference_id": name, "outcome": outcome, "observed_at": moment.isoformat()}


def hour_of(name: str) -> datetime | None:
    """The hour that an inference id names; None for a request that is no replayed one."""
    try:
        return datetime.strptime(name, FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def hours(table: pd.DataFrame, first: date, days: int) -> list[Hour]:
    """The hours of so many days from `first` on, in order."""
    begin = pd.Timestamp(first, tz="UTC")
    of = table[(table["departure"] >= begin) & (table["departure"] < begin + pd.Timedelta(days=days))]
    return [
        Hour(datetime.fromisoformat(str(hour)), rows.reset_index(drop=True))
        for hour, rows in of.groupby("departure", sort=True)
    ]


def truth(flights: list[Hour]) -> dict[date, bytes]:
    """What is told on each day, as a truth file."""
    by_day: dict[date, list[str]] = {}
    for hour in flights:
        for moment, label in hour.labels():
            by_day.setdefault(moment.date(), []).append(json.dumps(label))
    return {day: "".join(f"{line}\n" for line in lines).encode() for day, lines in sorted(by_day.items())}


def _plain(value: Any) -> Any:
    return None if value != value else getattr(value, "item", lambda: value)()
