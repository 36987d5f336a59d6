"""Where each column's cells lie in one long row of counts, and what the reference shows of each column. Pure.

All columns of an hour are looked at in one pass; what that needs is laid out here once for a reference.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from monitoring.counts import Binning
from monitoring.drift.reference import Facts, Reference, cells

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """Of one reference."""

    binnings: tuple[Binning, ...]
    columns: tuple[tuple[str, int, bool], ...]
    """Of each column its name, its bins, and whether it is a number."""
    facts: tuple[Facts, ...]
    starts: Counts
    """Of each column's first cell."""
    width: int
    nothing: tuple[tuple[int, ...], ...]
    """Of each column, no rows at all."""
    missing: Counts
    """The place of each column's cell of missing values."""
    unseen: Counts
    """The place of each category's cell of unseen values; of a number the one past the end, which is 0."""
    outside: tuple[Counts, Counts]
    """The places of each number's outermost bins; of a category the one past the end."""
    numbers: NDArray[np.bool_]
    """Which columns are numbers."""
    category_cells: Counts
    """The place of every category's cell, of all columns."""
    category_column: Counts
    """The column of each of them."""
    gaps: Counts
    """Of each, the longest run of busy hours without it; -1 where not known."""
    usual: Floats
    """The share of each cell in the reference."""
    never: NDArray[np.bool_]
    """Which columns are missing in no row of the reference."""
    missing_day: Floats
    """By column, the largest share of missing values in a day of the reference; 1 where its blocks are no
    days."""
    most: tuple[Floats, ...]
    """By column, the largest share of one bin in each block."""
    alike: Floats
    """By column, the mean of that: how likely it is at most that two values are the same."""

    @property
    def categories(self) -> int:
        """How many categories there are, of all columns."""
        return len(self.category_cells)

    def name(self, category: int) -> str:
        """What the category of that number is called, with its column."""
        column = int(self.category_column[category])
        place = int(self.category_cells[category] - self.starts[column])
        return f"{self.binnings[column].name}={self.binnings[column].categories[place]}"


@lru_cache(maxsize=8)
def of(reference: Reference) -> Layout:
    """Laid out once."""
    binnings = reference.binnings
    sizes = [cells(binning) for binning in binnings]
    starts = np.cumsum([0, *sizes[:-1]])
    width = sum(sizes)
    numbers = np.array([binning.kind == "number" for binning in binnings])
    missing = np.array([start + binning.size for start, binning in zip(starts, binnings, strict=True)])
    wide = np.array([len(binning.edges) > 1 for binning in binnings]) & numbers
    of_categories = [
        (start + place, column)
        for column, (start, binning) in enumerate(zip(starts, binnings, strict=True))
        if binning.kind == "category"
        for place in range(binning.size)
    ]
    shares = [reference.shares[name] for name in reference.names]
    most = tuple(
        np.minimum(each[:, : binning.size].max(axis=1) / np.maximum(1 - each[:, binning.size], 1e-9), 1)
        for each, binning in zip(shares, binnings, strict=True)
    )
    return Layout(
        binnings=binnings,
        columns=tuple((each.name, each.size, each.kind == "number") for each in binnings),
        facts=tuple(reference.facts.get(name, Facts()) for name in reference.names),
        starts=starts,
        width=width,
        nothing=tuple((0,) * size for size in sizes),
        missing=missing,
        unseen=np.where(numbers, width, missing + 1),
        outside=(np.where(wide, starts, width), np.where(wide, missing - 1, width)),
        numbers=numbers,
        category_cells=np.array([place for place, _ in of_categories], dtype=np.int64),
        category_column=np.array([column for _, column in of_categories], dtype=np.int64),
        gaps=np.array(
            [
                gap
                for binning in binnings
                for gap in reference.facts.get(binning.name, Facts()).gap_hours
                or (-1,) * len(binning.categories)
            ],
            dtype=np.int64,
        ),
        usual=np.concatenate([each.mean(axis=0) for each in shares]),
        never=np.array(
            [not each[:, binning.size].any() for each, binning in zip(shares, binnings, strict=True)]
        ),
        missing_day=np.array(
            [
                each[:, binning.size].max() if reference.blocks == "days" else 1.0
                for each, binning in zip(shares, binnings, strict=True)
            ]
        ),
        most=most,
        alike=np.array([min(float(each.mean()), 1.0) for each in most]),
    )
