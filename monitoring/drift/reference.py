"""A release's reference as it lies in its artifact (`reference.json`), read without trusting it.

What it holds is in docs/model.md. It is counted once, in training; nothing here knows a row of the data.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from monitoring.counts import SCORE, Binning
from release.domain.errors import UsageError

FORMAT = 1
LARGEST = 64 << 20
"""Bytes of a file that is read."""
MOST_BLOCKS, MOST_BINS = 1000, 1000

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**12)]


class UnusableReference(UsageError):
    """A reference that is damaged, of another format, or not of these counts."""


@dataclass(frozen=True)
class Facts:
    """What the reference's busy hours and days show of one column, beside its counts; None: not known."""

    constant_hours: int | None = None
    """The longest run of busy hours in which every known value was the same one."""
    missing_hour: float | None = None
    """The largest share of missing values in a busy hour."""
    gap_hours: tuple[int, ...] | None = None
    """Of each category, the longest run of busy hours without it."""
    novel_day: float | None = None
    """The largest share of a day's rows with categories that no day before had."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Binnings, and how many rows each cell of each column has in each block.

    The cells of a column are its bins, then missing, and of a category then unseen.
    """

    binnings: tuple[Binning, ...]
    """Of the features in order, then of the score."""
    blocks: Literal["days", "rows", "sample"]
    """What a block is: a day, rows in order where times are not known, or one sample of a release that was
    made before there were references."""
    counts: Mapping[str, NDArray[np.int64]]
    """Blocks by cells, by column."""
    facts: Mapping[str, Facts]
    given: NDArray[np.float64] | None
    """Of each edge of the score and each cell of the features, how much more of the rows score below it."""
    unwatched: Mapping[str, str]
    """What becomes of each sensitive feature before it is kept, by its name: nothing of it is here."""
    digest: str
    """Of the file's bytes: state goes on with the same reference alone."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(binning.name for binning in self.binnings)

    @cached_property
    def shares(self) -> dict[str, NDArray[np.float64]]:
        """The counts as shares of the block's rows."""
        return {name: held / np.maximum(held.sum(1, keepdims=True), 1) for name, held in self.counts.items()}

    @property
    def length(self) -> int:
        """The number of blocks."""
        return len(self.counts[self.names[0]])

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other.digest == self.digest


def cells(binning: Binning) -> int:
    """How many cells a column has."""
    return binning.size + (2 if binning.kind == "category" else 1)


class _Column(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["number", "category"]
    edges: Annotated[list[Annotated[FiniteFloat, Field(strict=False)]], Field(max_length=MOST_BINS)] = []
    categories: Annotated[list[str], Field(max_length=MOST_BINS)] = []
    constant_hours: Count | None = None
    missing_hour: Share | None = None
    gap_hours: list[Count] | None = None
    novel_day: Share | None = None
    counts: Annotated[list[list[Count]], Field(min_length=1, max_length=MOST_BLOCKS)]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if any(low >= high for low, high in pairwise(self.edges)):
            raise ValueError(f"the edges of {self.name} do not ascend")
        if len(set(self.categories)) < len(self.categories):
            raise ValueError(f"{self.name} has a category twice")
        if any(len(row) != cells(self.binning) for row in self.counts):
            raise ValueError(f"{self.name} has counts of another number of cells than its {self.kind} has")
        if self.gap_hours is not None and len(self.gap_hours) != len(self.categories):
            raise ValueError(f"{self.name} has not one gap for each category")
        return self

    @property
    def binning(self) -> Binning:
        """How the column is counted."""
        return Binning(self.name, self.kind, tuple(self.edges), tuple(self.categories))

    @property
    def facts(self) -> Facts:
        """As a value."""
        gaps = None if self.gap_hours is None else tuple(self.gap_hours)
        return Facts(self.constant_hours, self.missing_hour, gaps, self.novel_day)


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    format: int
    blocks: Literal["days", "rows"]
    columns: Annotated[list[_Column], Field(min_length=1, max_length=10_000)]
    given: list[list[FiniteFloat]] | None = None
    unwatched: Annotated[dict[str, Literal["drop", "hash"]], Field(max_length=10_000)] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("a column is there twice")
        if names[-1] != SCORE or self.columns[-1].kind != "number":
            raise ValueError(f"its last column is not the number {SCORE}")
        if len({len(column.counts) for column in self.columns}) > 1:
            raise ValueError("its columns have different numbers of blocks")
        if self.given is not None:
            wide = sum(cells(column.binning) for column in self.columns[:-1])
            if len(self.given) != len(self.columns[-1].edges) or any(len(row) != wide for row in self.given):
                raise ValueError("given is not of the score's edges and the features' cells")
        return self


def read(content: bytes) -> Reference:
    """The reference in `reference.json`. Raises UnusableReference, which says what is wrong with it."""
    if len(content) > LARGEST:
        raise unusable(f"it has {len(content) >> 20} MB, and at most {LARGEST >> 20} are read")
    try:
        file = _File.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise unusable(f"{place + ': ' if place else ''}{first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise unusable(str(error)) from error
    if file.format != FORMAT:
        raise unusable(f"it has the format {file.format}, and {FORMAT} is understood")
    return Reference(
        binnings=tuple(column.binning for column in file.columns),
        blocks=file.blocks,
        counts={column.name: np.array(column.counts, dtype=np.int64) for column in file.columns},
        facts={column.name: column.facts for column in file.columns},
        given=None if file.given is None else np.array(file.given, dtype=np.float64),
        unwatched=file.unwatched,
        digest=hashlib.sha256(content).hexdigest()[:16],
    )


def unusable(why: str) -> UnusableReference:
    """The error that says why a reference is of no use."""
    return UnusableReference(
        f"The reference of the release cannot be used: {why[:200]}.",
        "Whether its requests and scores have drifted cannot be decided; nothing else is touched.",
        "Compare the artifact with the release's manifest; a release that is trained anew has a new one.",
    )
