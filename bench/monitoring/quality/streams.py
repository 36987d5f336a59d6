"""Days of flights as counts: as they were, and streams of them with which nothing is wrong.

A null stream puts blocks of seven days in a row together, drawn from January to July, each day's gap less its
month's mean: so weather lasts as long as it does, and the season is no fault. Shifted by the tolerance it is
the worst stream that may not alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.monitoring.quality.scores import SLICES
from monitoring.quality.calibration import Gaps, variance
from monitoring.quality.days import ALL, Day, Rows, counted

RELEASE = "abcabcabcabc"
BLOCK = 7
LEAST = 200
"""A day with fewer flights is an edge of the year."""
NULL_MONTHS = 7
"""Null streams are made of the months up to this one."""
FIRST = date(2026, 1, 8)
"""A Thursday: null streams begin there, so that their weeks are no blocks."""


def days_of(flights: pd.DataFrame) -> list[Day]:
    """The counts of flights, by day and slice."""
    found = []
    for midnight, of in flights.groupby("day"):
        day = date.fromisoformat(str(midnight)[:10])
        found.append(_counted(day, ALL, of))
        for column in SLICES:
            for value, chosen in of.groupby(column):
                found.append(_counted(day, f"{column}={value}", chosen))
    return found


def _counted(day: date, name: str, flights: pd.DataFrame) -> Day:
    count = len(flights)
    scores, truths = flights["score"].to_numpy(), flights["late"].to_numpy(dtype=np.float64)
    return counted(day, RELEASE, name, Rows(scores, truths, np.full(count, 6.0), np.zeros(count, bool)))


@dataclass(frozen=True)
class Basis:
    """What null streams are drawn from: days in their order."""

    gaps: NDArray[np.float64]
    """Less their month's mean."""
    chance: NDArray[np.float64]
    rows: NDArray[np.int64]

    @staticmethod
    def of(days: Sequence[Day]) -> "Basis":
        """Of all days up to the last month that null streams are made of."""
        used = [
            day for day in days if day.slice == ALL and day.day.month <= NULL_MONTHS and day.labelled >= LEAST
        ]
        frame = pd.DataFrame({"month": [day.day.month for day in used], "gap": [day.gap for day in used]})
        gaps = frame["gap"] - frame.groupby("month")["gap"].transform("mean")
        return Basis(
            gaps.to_numpy(),
            np.array([day.variance for day in used]),
            np.array([day.labelled for day in used], dtype=np.int64),
        )

    def draw(self, random: np.random.Generator, days: int) -> NDArray[np.int64]:
        """The places of the days of one stream."""
        starts = random.integers(0, len(self.gaps) - BLOCK, days // BLOCK + 1)
        return np.concatenate([np.arange(start, start + BLOCK) for start in starts])[:days]

    def stream(self, places: NDArray[np.int64], shift: float, above: float, below: float) -> Gaps:
        """A stream whose expected gap is `shift`; what decides takes its days to vary as said."""
        dates = tuple(FIRST + timedelta(days=number) for number in range(len(places)))
        rows = self.rows[places]
        variances = (variance(spread, self.chance[places], rows) for spread in (above, below))
        return Gaps(dates, self.gaps[places] + shift, *variances, rows)
