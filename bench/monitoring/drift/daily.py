"""Many months, looked at when a day is complete: what `decide` finds by days, from the same thresholds.

What an hour is enough for is left out: `hourly.py` goes through every hour of the same months.
"""

import numpy as np

from bench.monitoring.drift.source import Source
from bench.monitoring.drift.streams import Day
from monitoring.drift import calibration, coordinates
from monitoring.drift.calibration import WINDOWS
from release.domain.drift import DriftSettings

SETTINGS = DriftSettings()


def alarmed(held: Source, days: list[Day], rows: int, seed: int, length: int) -> int | None:
    """The first day after which a month has a finding by days; None where it has none.

    The days and their rows are those of `streams.month` with this seed.
    """
    made = coordinates.of(held.reference)
    limits = calibration.thresholds(held.reference, calibration.bucket(rows), SETTINGS.false_alarms_percent)
    rng = np.random.default_rng(seed)
    cells = np.empty((length, held.layout.width))
    for number in range(length):
        day = days[rng.integers(len(days))]
        times = rng.multinomial(rows, np.full(len(day.hour), 1 / len(day.hour)))
        weights = np.repeat(times, day.cells.shape[1])
        cells[number] = np.bincount(day.cells.ravel(), weights, minlength=held.layout.width)
    moved = cells / rows @ made.matrix.T - made.usual
    both = np.stack([moved, -moved])
    surprises = limits.ranks.surprise(moved)
    first = length + 1
    for place, window in enumerate(WINDOWS):
        for end in range(window, min(first, length + 1)):
            mean = both[:, end - window : end].mean(axis=1)
            sums = surprises[:, end - window : end].sum(axis=1)
            if ((mean >= SETTINGS.least_effect) & (sums > limits.sums[place])).any():
                first = end
                break
    return first if first <= length else None
