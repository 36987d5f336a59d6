"""What is used elsewhere, on the same streams: a fixed PSI, and the tests that Evidently 0.7.23 chooses.

PSI: ten bins with about a tenth of the reference each, empty ones with 1e-4, an alarm above .25 (or .1).
Evidently, of a reference of more than 1,000 rows: the Wasserstein distance in standard deviations of numbers
with more than 5 values, else the Jensen-Shannon distance; an alarm from .1 on. Both look once a day here, at
the day's rows: looking each hour, at less, they alarm more often.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from bench.monitoring.drift.streams import Day
from monitoring.drift import layout as layouts
from monitoring.drift.reference import Reference

PSI_LIMITS = (0.1, 0.25)
EVIDENTLY_LIMIT = 0.1
FEW_VALUES = 5
_EMPTY = 1e-4
_TENTH = 0.1 - 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Psi:
    """The bins of each column, and their shares in the reference."""

    reference: Reference

    @cached_property
    def bins(self) -> list[tuple[NDArray[np.int64], Floats]]:
        """By column: of each of its cells the number of its bin, or -1 where it is missing; the shares."""
        found: list[tuple[NDArray[np.int64], Floats]] = []
        for binning in self.reference.binnings:
            usual = self.reference.shares[binning.name].mean(axis=0)
            usual = usual[: binning.size] / usual[: binning.size].sum()
            merged = np.full(len(self.reference.shares[binning.name][0]), -1)
            if binning.kind == "category":
                merged[: binning.size] = np.arange(binning.size)
                merged[binning.size + 1] = binning.size
                found.append((merged, np.append(usual, 0.0)))
                continue
            number, filled = 0, 0.0
            for place, share in enumerate(usual):
                merged[place] = number
                filled += share
                if filled >= _TENTH and place < binning.size - 1:
                    number, filled = number + 1, 0.0
            held = merged[: binning.size]
            shares: Floats = np.bincount(held, usual, minlength=held.max() + 1).astype(np.float64)
            found.append((merged, shares))
        return found

    def worst(self, cells: NDArray[np.int64]) -> float:
        """The largest PSI of any column; `cells` is counted of all columns in order."""
        return max(self.of_columns(cells))

    def of_columns(self, cells: NDArray[np.int64]) -> list[float]:
        """Of each column."""
        starts = layouts.of(self.reference).starts
        found = []
        for start, (merged, usual) in zip(starts, self.bins, strict=True):
            held = cells[start : start + len(merged)]
            counted = np.bincount(merged[merged >= 0], held[merged >= 0], minlength=len(usual))
            if not counted.sum():
                found.append(0.0)
                continue
            now, before = np.maximum(counted / counted.sum(), _EMPTY), np.maximum(usual, _EMPTY)
            found.append(float(((now - before) * np.log(now / before)).sum()))
        return found


class Evidently:
    """Its default tests of each column, on rows that were asked so many times each."""

    def __init__(self, reference: Reference, sample: Sequence[Day]) -> None:
        """`sample` is the reference's rows, as days."""
        self._layout = layouts.of(reference)
        self._values = np.concatenate([day.values for day in sample])
        self._cells = np.concatenate([day.cells for day in sample])

    def drifted(self, day: Day, times: NDArray[np.int64]) -> list[str]:
        """The columns that it would say have drifted."""
        there = times > 0
        values, cells, times = day.values[there], day.cells[there], times[there]
        return [
            binning.name
            for place, binning in enumerate(self._layout.binnings)
            if self._distance(place, values, cells, times) >= EVIDENTLY_LIMIT
        ]

    def _distance(
        self, place: int, values: Floats, cells: NDArray[np.int64], times: NDArray[np.int64]
    ) -> float:
        before, now = self._values[:, place], values[:, place]
        before, known = before[~np.isnan(before)], ~np.isnan(now)
        if self._layout.numbers[place]:
            if not known.any():
                return 0.0
            if len(np.unique(np.append(before, now[known]))) > FEW_VALUES:
                distance = wasserstein_distance(before, now[known], None, times[known])
                return float(distance / max(float(np.std(before)), 0.001))
        width = self._layout.width + 1
        shares = np.bincount(self._cells[:, place], minlength=width) / len(self._cells)
        return float(
            jensenshannon(shares, np.bincount(cells[:, place], times, minlength=width) / times.sum())
        )
