"""What decides on a stream of days: each rule says on which day it first alarms."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from monitoring.quality import calibration
from monitoring.quality.calibration import Gaps
from release.domain.quality_settings import QualitySettings

TOLERANCE = 0.05
SETTINGS = QualitySettings()
WEEK, SUNDAY = 7, 6


@dataclass(frozen=True)
class Rule:
    """One way to decide: the place of the first day that alarms, None where none does."""

    name: str
    first: Callable[[Gaps], int | None]


def ours(gaps: Gaps) -> int | None:
    """As `./slipway quality` decides, both sides."""
    sides = [one_side(gaps, side) for side in (1, -1)]
    return min((place for place in sides if place is not None), default=None)


def one_side(gaps: Gaps, side: int) -> int | None:
    """The same of one side, which has half of the error."""
    return calibration.evidence(gaps, TOLERANCE, side).first(SETTINGS.false_alarms / 2)


def by_rows(gaps: Gaps) -> int | None:
    """The same with rows taken as independent: days vary by the chance of their rows alone."""
    chance = gaps.above - SETTINGS.spread_above**2
    return ours(replace(gaps, above=chance, below=chance))


def weekly(threshold: float, ends: int = SUNDAY) -> Callable[[Gaps], int | None]:
    """The mean of each week beyond a threshold, said at the end of its last day."""

    def first(gaps: Gaps) -> int | None:
        return next((place for place, mean in _weeks(gaps, ends) if abs(mean) > threshold), None)

    return first


def weeks_beyond(gaps: Gaps, threshold: float) -> tuple[int, int]:
    """How many whole weeks lie beyond a threshold, and how many there are."""
    found = [abs(mean) > threshold for _, mean in _weeks(gaps, SUNDAY)]
    return sum(found), len(found)


def highest_week(gaps: Gaps) -> float:
    """The largest weekly mean, either side."""
    return max(abs(mean) for _, mean in _weeks(gaps, SUNDAY))


def _weeks(gaps: Gaps, ends: int) -> Iterator[tuple[int, float]]:
    """The place of each whole week's last day, and the mean of its rows."""
    for place, day in enumerate(gaps.days):
        span = slice(place - WEEK + 1, place + 1)
        if day.weekday() == ends and place >= WEEK - 1:
            yield place, float(np.average(gaps.values[span], weights=gaps.rows[span]))
