"""What is compared between the reference and what was served: shares of rows, each a sum of cells. Pure.

Of a number the share below each edge, of a category the share of each that is not rare, both among the values
that are there; of any column the share that is missing; of the score the share below each edge beyond what
the features let expect. Each is linear in the cells, so that a window has the mean of its days.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitoring.counts import SCORE, Binning
from monitoring.drift.reference import Reference, cells

Aspect = Literal["values", "missing", "given"]
RARE = 0.005
"""Categories with a smaller share of the reference are compared as one."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coordinate:
    """One share that is compared."""

    column: str
    aspect: Aspect
    label: str
    """`below 0.12`, a category, or nothing."""
    usual: float
    """The share itself in the reference: among the values that are there, or of all rows that are missing."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """All of them, as rows of a matrix over the cells of all columns in order."""

    items: tuple[Coordinate, ...]
    matrix: Floats
    usual: Floats
    """Each one's value in the reference, the mean of its blocks."""
    starts: NDArray[np.int64]
    """Where each column's cells begin."""

    @cached_property
    def groups(self) -> dict[tuple[str, Aspect], NDArray[np.int64]]:
        """The places of what is told together."""
        found: dict[tuple[str, Aspect], list[int]] = {}
        for place, item in enumerate(self.items):
            found.setdefault((item.column, item.aspect), []).append(place)
        return {key: np.array(places) for key, places in found.items()}

    @cached_property
    def needs(self) -> NDArray[np.bool_]:
        """Which columns (by place) each coordinate is made of."""
        return np.add.reduceat(self.matrix != 0, self.starts, axis=1) > 0


@lru_cache(maxsize=8)
def of(reference: Reference) -> Coordinates:
    """The coordinates of a reference."""
    sizes = [cells(binning) for binning in reference.binnings]
    starts = np.cumsum([0, *sizes[:-1]])
    means = np.concatenate([reference.shares[name].mean(axis=0) for name in reference.names])
    items: list[Coordinate] = []
    rows: list[Floats] = []
    for binning, start, size in zip(reference.binnings, starts, sizes, strict=True):
        for item, row in _of_column(binning, means[start : start + size]):
            wide = np.zeros(len(means))
            wide[start : start + size] = row
            items.append(item)
            rows.append(wide)
    if reference.given is not None:
        for item, row in _given(reference, int(starts[-1]), len(means)):
            items.append(item)
            rows.append(row)
    matrix = np.stack(rows)
    return Coordinates(tuple(items), matrix, matrix @ means, starts)


def _of_column(binning: Binning, means: Floats) -> list[tuple[Coordinate, Floats]]:
    known = np.ones(len(means))
    known[binning.size] = 0
    shares = means * known / max(float((means * known).sum()), 1e-12)
    found = []
    for label, chosen in _number(binning) if binning.kind == "number" else _category(binning, shares):
        share = float(shares[chosen].sum())
        row = -share * known
        row[chosen] += 1
        found.append((Coordinate(binning.name, "values", label, share), row))
    missing = np.zeros(len(means))
    missing[binning.size] = 1
    found.append((Coordinate(binning.name, "missing", "", float(means[binning.size])), missing))
    return found


def _number(binning: Binning) -> list[tuple[str, list[int]]]:
    return [(f"below {edge:.4g}", list(range(place + 1))) for place, edge in enumerate(binning.edges)]


def _category(binning: Binning, shares: Floats) -> list[tuple[str, list[int]]]:
    frequent = [place for place in range(binning.size) if shares[place] >= RARE]
    rare = [place for place in range(binning.size) if shares[place] < RARE]
    found = [(binning.categories[place], [place]) for place in frequent]
    return [*found, ("rare ones", rare)] if rare else found


def _given(reference: Reference, start: int, width: int) -> list[tuple[Coordinate, Floats]]:
    assert reference.given is not None
    found = []
    for place, edge in enumerate(reference.binnings[-1].edges):
        if not reference.given[place].any():
            continue
        row = np.zeros(width)
        row[start : start + place + 1] = 1
        row[:start] = -reference.given[place]
        usual = float(reference.shares[SCORE].mean(axis=0)[: place + 1].sum())
        found.append((Coordinate(SCORE, "given", f"below {edge:.4g}", usual), row))
    return found
