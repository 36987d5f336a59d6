"""How the values of one column are counted, and what the reference's days and hours show of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.training.reference.blocks import Blocks, Numbers

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.01, 0.02, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 0.98, 0.99)
ROOM = 0.25
"""The outermost edges lie so far beyond what was seen, in parts of its span: no row is there."""
MOST_CATEGORIES = 200
"""Of more the most frequent are told apart; the others count as unseen, in the reference too."""
LONGEST_NAME = 200


@dataclass(frozen=True)
class Column:
    """One column of the reference: its cells are its bins, then missing, then (of categories) unseen."""

    name: str
    kind: Literal["number", "category"]
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    cells: Numbers
    """Of each row."""
    facts: dict[str, Any]
    """What busy hours and days show; null where hours are not known."""

    @property
    def size(self) -> int:
        """The number of cells."""
        return len(self.categories) + 2 if self.kind == "category" else len(self.edges) + 2

    def counts(self, blocks: Blocks) -> list[list[int]]:
        """Rows by block and cell."""
        flat = np.bincount(blocks.block * self.size + self.cells, minlength=blocks.count * self.size)
        return flat.reshape(blocks.count, self.size).tolist()


def number(name: str, values: NDArray[np.float64], blocks: Blocks) -> Column:
    """A column of numbers; what is not finite is missing."""
    finite = np.isfinite(values)
    edges = _edges(values[finite])
    cells = np.where(finite, np.searchsorted(np.array(edges), values, side="right"), len(edges) + 1)
    facts = {
        "constant_hours": _longest_constant(values, finite, blocks),
        "missing_hour": _most_missing(~finite, blocks),
    }
    return Column(name, "number", edges, (), cells.astype(np.int64), facts)


def category(name: str, values: "pd.Series", blocks: Blocks) -> Column:
    """A column of categories; an empty one is missing."""
    text = values.fillna("").astype(str)
    counted = text[text != ""].value_counts(sort=False).sort_index()
    frequent = counted.sort_values(ascending=False, kind="stable").index
    categories = tuple(each for each in frequent if len(each) <= LONGEST_NAME)[:MOST_CATEGORIES]
    codes = text.map({each: place for place, each in enumerate(categories)})
    cells = codes.fillna(len(categories) + 1).where(text != "", len(categories)).to_numpy("int64")
    known = cells != len(categories)
    facts = {
        "constant_hours": _longest_constant(cells.astype(float), known, blocks),
        "missing_hour": _most_missing(~known, blocks),
        "gap_hours": _longest_gaps(cells, len(categories), blocks),
        "novel_day": _most_novel(text, blocks),
    }
    return Column(name, "category", (), categories, cells, facts)


def _edges(values: NDArray[np.float64]) -> tuple[float, ...]:
    if not len(values):
        return ()
    low, high = float(values.min()), float(values.max())
    room = ROOM * ((high - low) or max(1.0, abs(low)))
    inner = np.quantile(values, QUANTILES, method="inverted_cdf")
    edges = [low - room, *sorted({float(edge) for edge in inner if edge > low}), high + room]
    return tuple(edge for edge in edges if np.isfinite(edge))


def _most_missing(missing: NDArray[np.bool_], blocks: Blocks) -> float | None:
    """The largest share of missing values in a busy hour."""
    if blocks.hour is None:
        return None
    busy = blocks.hour >= 0
    rows = np.bincount(blocks.hour[busy])
    return round(float((np.bincount(blocks.hour[busy], missing[busy]) / rows).max()), 6)


def _longest_constant(values: NDArray[np.float64], known: NDArray[np.bool_], blocks: Blocks) -> int | None:
    """The longest run of busy hours in which every known value is the same one."""
    if blocks.hour is None:
        return None
    chosen = known & (blocks.hour >= 0)
    hours, values = blocks.hour[chosen], values[chosen]
    if not len(hours):
        return None
    starts = np.flatnonzero(np.diff(hours, prepend=-1))
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    longest = run = 0
    of: float | None = None
    for least, most in zip(low, high, strict=True):
        run = 0 if least != most else run + 1 if least == of else 1
        of = least if least == most else None
        longest = max(longest, run)
    return longest


def _longest_gaps(cells: Numbers, count: int, blocks: Blocks) -> list[int] | None:
    """For each category the longest run of busy hours without it."""
    if blocks.hour is None:
        return None
    chosen = (blocks.hour >= 0) & (cells < count)
    hours = int(blocks.hour.max()) + 1
    gaps = []
    for each in range(count):
        seen = np.unique(blocks.hour[chosen & (cells == each)])
        gaps.append(int(np.diff(seen, prepend=-1, append=hours).max()) - 1)
    return gaps


def _most_novel(text: "pd.Series", blocks: Blocks) -> float | None:
    """The largest share of a day's rows with a value of which no earlier day had one, in the later half."""
    if blocks.count < 4:
        return None
    codes, values = text.factorize()
    first = np.full(len(values), blocks.count)
    np.minimum.at(first, codes, blocks.block)
    new = (first[codes] == blocks.block) & (text != "").to_numpy()
    rows = np.bincount(blocks.block, minlength=blocks.count)
    shares = np.bincount(blocks.block, new, minlength=blocks.count) / np.maximum(rows, 1)
    return round(float(shares[blocks.count // 2 :].max()), 6)
