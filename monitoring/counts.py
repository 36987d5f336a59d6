"""What was counted of the rows that one release answered in one hour: all that drift is decided from. Pure.

Counts of equal binnings merge by adding, so that a day costs the same however many rows it had.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

SCORE = "score"
"""The name of what was answered, beside the features' names: no feature may have it."""


@dataclass(frozen=True)
class Binning:
    """How the values of one column are counted. It is made from a release's reference and goes with it."""

    name: str
    kind: Literal["number", "category"]
    edges: tuple[float, ...] = ()
    """Of numbers, ascending and finite. Bin 0 is below the first one, bin k holds
    `edges[k-1] <= x < edges[k]`, the last is what is not below the last edge: `len(edges) + 1` bins."""
    categories: tuple[str, ...] = ()
    """Of categories, those of the reference in a fixed order: one bin each."""

    @property
    def size(self) -> int:
        """The number of bins."""
        return len(self.categories) if self.kind == "category" else len(self.edges) + 1


@dataclass(frozen=True)
class Counted:
    """One column in one hour. `rows = sum(bins) + missing + unseen + invalid`."""

    bins: tuple[int, ...]
    missing: int = 0
    """Null, empty or NaN."""
    unseen: int = 0
    """Of a category: a value that the reference does not have."""
    invalid: int = 0
    """Of another type than the schema says: text in a number, an infinite number."""
    low: float | None = None
    high: float | None = None
    """Of numbers: the least and the greatest finite one; the same where a feature is frozen."""

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.bins) + self.missing + self.unseen + self.invalid


@dataclass(frozen=True)
class HourCounts:
    """What one variant of an endpoint answered in one hour with one release."""

    endpoint: str
    variant: str
    release: str
    hour: datetime
    """Its beginning, UTC."""
    rows: int
    requests: int
    columns: Mapping[str, Counted]
    """By feature, and `score`; one that the records do not hold is not there."""
    troubles: Mapping[str, int] = field(default_factory=dict)
    """Records and files that say nothing, by their cause: quarantined, never dropped in silence."""
