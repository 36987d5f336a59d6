"""The cells of one CSV column into its values: what is missing, what is no number. No lines, no header."""

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.serving.errors import Fault
from model.serving.formats.refusals import Refusals, refuse_all, row_fault
from model.serving.formats.values import FLOAT32_MAX, expectation
from model.serving.models.schema import Feature
from model.serving.quoting import shown

MISSING_WORDS = frozenset(
    (
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    )
)
"""What pandas' read_csv takes for a missing value, besides an empty cell."""
_MISSING = MISSING_WORDS | {""}


class Cells(NamedTuple):
    """The cells of one column in one block, the number of their first row, and how rows are counted."""

    first: int
    cells: Sequence[str]
    counted: str


def numbers(feature: Feature, column: Cells, refusals: Refusals | None) -> npt.NDArray[np.float64]:
    """The numbers of a column, NaN for a missing one. Raises RequestError, or refuses rows alone."""
    values = _quick(feature, column.cells)
    if values is None and feature.nullable:
        values = _quick(feature, ["" if cell.strip() in _MISSING else cell for cell in column.cells])
    return _checked(feature, column, refusals) if values is None else values


def texts(feature: Feature, column: Cells, refusals: Refusals | None) -> Sequence[str]:
    """The texts of a column, "" for a missing one. Raises RequestError, or refuses rows alone."""
    cells = column.cells
    if feature.nullable:
        if MISSING_WORDS.isdisjoint(cells):
            return cells
        return ["" if cell in MISSING_WORDS else cell for cell in cells]
    if "" in cells:
        wrong = [row for row, cell in enumerate(cells, column.first) if not cell]
        refuse_all(wrong, partial(_fault, feature, column), refusals)
    return cells


def _quick(feature: Feature, cells: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """The numbers of a column all of whose cells are right; None when one may not be."""
    try:
        values = np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        return None
    missing = not feature.nullable and "" in cells
    if missing or not _is_plain("".join(cells)) or (np.abs(values) > FLOAT32_MAX).any():
        return None
    return values


def _is_plain(text: str) -> bool:
    """Python's float also reads 1_000, nan, inf and other scripts' digits; no CSV of numbers has them."""
    return text.isascii() and not any(letter in text for letter in "_nN")


def _checked(feature: Feature, column: Cells, refusals: Refusals | None) -> npt.NDArray[np.float64]:
    """The numbers of a column that has wrong cells, which are refused."""
    values = [_number(feature, cell) for cell in column.cells]
    wrong = [row for row, value in enumerate(values, column.first) if value is None]
    refuse_all(wrong, partial(_fault, feature, column), refusals)
    return np.array([math.nan if value is None else value for value in values])


def _number(feature: Feature, cell: str) -> float | None:
    """The number in a cell, NaN for a missing one; None for a wrong cell."""
    if feature.nullable and cell.strip() in _MISSING:
        return math.nan
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if _is_plain(cell) and abs(number) <= FLOAT32_MAX else None


def _fault(feature: Feature, column: Cells, row: int) -> Fault:
    cell = column.cells[row - column.first]
    given = f"the text {shown(cell)}" if cell else "an empty cell"
    expected = expectation(feature).replace("null", "an empty cell")
    return row_fault(row, feature.name, given, expected, column.counted)
