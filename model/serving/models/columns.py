"""Rows of a request as the arrays that the graph reads."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float32]
Categories = npt.NDArray[np.object_]


class Columns(NamedTuple):
    """`count` rows. `numbers` is [number features, count] with NaN for a missing value, `categories` is
    [category features, count] of str with "" for a missing one; features in the schema's order."""

    count: int
    numbers: Numbers
    categories: Categories


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
