"""Rows of a request as the arrays that the graph reads."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float32]
Categories = npt.NDArray[np.object_]


class Rows(NamedTuple):
    """`count` rows as a decoder finds them: one tuple of numbers and one of categories for each, None for a
    missing value; features in the schema's order. Cheaper to put together with others than arrays."""

    count: int
    numbers: list[tuple[float | None, ...]]
    categories: list[tuple[str | None, ...]]


class Columns(NamedTuple):
    """`count` rows. `numbers` is [number features, count] with NaN for a missing value, `categories` is
    [category features, count] of str with "" for a missing one; features in the schema's order."""

    count: int
    numbers: Numbers
    categories: Categories


Table = Rows | Columns


def merged(tables: Sequence[Table]) -> Columns:
    """All rows of `tables` (at least one) as columns, in order."""
    if len(tables) == 1:
        return _columns(tables[0])
    if all(isinstance(table, Rows) for table in tables):
        numbers: list[tuple[float | None, ...]] = []
        categories: list[tuple[str | None, ...]] = []
        for table in tables:
            numbers += table.numbers
            categories += table.categories
        return from_rows(numbers, categories)
    parts = [_columns(table) for table in tables]
    return Columns(
        sum(part.count for part in parts),
        np.concatenate([part.numbers for part in parts], axis=1),
        np.concatenate([part.categories for part in parts], axis=1),
    )


def _columns(table: Table) -> Columns:
    return from_rows(table.numbers, table.categories) if isinstance(table, Rows) else table


def missing(columns: Columns) -> int:
    """How many values of `columns` are missing."""
    numbers, categories = columns.numbers, columns.categories
    return int(np.count_nonzero(numbers != numbers)) + int(np.count_nonzero(categories == ""))


def from_rows(
    numbers: Sequence[Sequence[float | None]], categories: Sequence[Sequence[str | None]]
) -> Columns:
    """Columns from one tuple of numbers and one of categories per row. Numbers must fit float32."""
    return Columns(
        len(numbers),
        # None becomes NaN
        np.ascontiguousarray(np.array(numbers, np.float32).T),
        _texts(np.array(categories, object).T),
    )


def from_columns(
    count: int, numbers: Sequence[npt.ArrayLike], categories: Sequence[Sequence[str]]
) -> Columns:
    """Columns from one sequence per feature, each of `count` values."""
    return Columns(
        count,
        np.array(numbers, np.float32).reshape(len(numbers), count),
        np.array(categories, object).reshape(len(categories), count),
    )


def _texts(values: npt.NDArray[Any]) -> Categories:
    missing = values == None  # noqa: E711 - element by element
    if missing.any():
        values = np.where(missing, "", values)
    return np.ascontiguousarray(values)
