"""A CSV body into columns: RFC 4180, UTF-8, the first line names the features in any order.

An empty cell is a missing value. Column by column, because most of the time goes into numbers, and a block of
rows at a time, because cells that have left the processor's cache cost twice that.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.serving.errors import Fault, refused
from model.serving.formats.columns_named import check_names
from model.serving.formats.limits import MAX_ROWS
from model.serving.formats.refusals import Refusals, refuse_all, row_fault
from model.serving.formats.values import FLOAT32_MAX, expectation
from model.serving.models.columns import Columns, from_columns, merged
from model.serving.models.schema import Feature, Schema
from model.serving.quoting import shown

BLOCK_ROWS = 512
_COUNTED = "rows count from 0, the header not counted"


class _Cells(NamedTuple):
    """The cells of one column in one block, and the number of their first row."""

    first: int
    cells: Sequence[str]


class CsvRows:
    """Decodes CSV for one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._numbers = schema.of_kind("number")
        self._texts = schema.of_kind("category")

    def columns(self, body: bytes, refusals: Refusals | None = None) -> Columns:
        """The rows of `body`. Raises RequestError 400 with the row, from 0 without the header, and field,
        unless a row is wrong that can go to `refusals`."""
        lines = _Lines(body)
        header = [name.strip() for names in lines.take(1) for name in names]
        _check_header(header, self._schema)
        first, parts = 0, []
        while rows := lines.take(BLOCK_ROWS):
            if first + len(rows) > MAX_ROWS:
                raise refused("too_many_values", f"The body holds more than {MAX_ROWS} rows.")
            _even_out(first, rows, header, refusals)
            parts.append(
                self._block(first, dict(zip(header, zip(*rows, strict=True), strict=True)), refusals)
            )
            first += len(rows)
        columns = merged(parts) if parts else self._block(0, {}, refusals)
        return columns if refusals is None else refusals.without(columns)

    def _block(self, first: int, cells: Mapping[str, Sequence[str]], refusals: Refusals | None) -> Columns:
        """The columns of some rows; a column that is left out is missing in all of them."""
        count = len(next(iter(cells.values()), ()))
        empty = ("",) * count

        def of(feature: Feature) -> _Cells:
            return _Cells(first, cells.get(feature.name, empty))

        return from_columns(
            count,
            [_numbers(feature, of(feature), refusals) for feature in self._numbers],
            [_texts(feature, of(feature), refusals) for feature in self._texts],
        )


class _Lines:
    """The rows of a body as they are read; blank lines are skipped."""

    def __init__(self, body: bytes) -> None:
        try:
            # with or without a byte order mark: spreadsheets write one
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise refused("invalid_csv", f"The body is not UTF-8: byte {error.start} is wrong.") from error
        self._reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        self._rows = filter(None, self._reader)

    def take(self, count: int) -> list[list[str]]:
        """The next rows; fewer at the end."""
        try:
            return list(islice(self._rows, count))
        except csv.Error as error:
            where = f"in line {self._reader.line_num}"
            raise refused("invalid_csv", f"The body is not CSV: {error} {where}.") from error


def _even_out(first: int, rows: list[list[str]], header: Sequence[str], refusals: Refusals | None) -> None:
    """Refuses rows that have more or fewer cells than the header; where the others go on, empties them."""
    width = len(header)
    wrong = [row for row, cells in enumerate(rows) if len(cells) != width]

    def fault(row: int) -> Fault:
        expected = f"{width} cells, as in the header"
        return row_fault(row, None, f"{len(rows[row - first])} cells", expected, _COUNTED)

    refuse_all([first + row for row in wrong], fault, refusals)
    for row in wrong:
        rows[row] = [""] * width


def _check_header(header: Sequence[str], schema: Schema) -> None:
    if not header:
        raise refused("invalid_csv", "The body is empty; its first line has to name the features.")
    if not set(schema.names) & set(header):
        example, given = ",".join(schema.names[:3]), shown(",".join(header[:3]))
        raise refused(
            "invalid_csv",
            f"The first line has to name the features, like {example},…; given {given}.",
        )
    check_names(header, schema, "the header")


def _numbers(feature: Feature, column: _Cells, refusals: Refusals | None) -> npt.NDArray[np.float64]:
    cells = column.cells
    try:
        values = np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        return _checked_numbers(feature, column, refusals)
    missing = not feature.nullable and "" in cells
    if missing or not _is_plain("".join(cells)) or (np.abs(values) > FLOAT32_MAX).any():
        return _checked_numbers(feature, column, refusals)
    return values


def _is_plain(text: str) -> bool:
    """Python's float also reads 1_000, nan, inf and other scripts' digits; no CSV of numbers has them."""
    return text.isascii() and not any(letter in text for letter in "_nN")


def _checked_numbers(feature: Feature, column: _Cells, refusals: Refusals | None) -> npt.NDArray[np.float64]:
    """The numbers of a column that has wrong cells, which are refused."""
    first, cells = column
    right = [_is_number(feature, cell) for cell in cells]
    wrong = [row for row, fine in enumerate(right, first) if not fine]
    refuse_all(wrong, partial(_fault, feature, column), refusals)
    return np.array(
        [float(cell) if fine and cell else math.nan for cell, fine in zip(cells, right, strict=True)]
    )


def _is_number(feature: Feature, cell: str) -> bool:
    if not cell:
        return feature.nullable
    try:
        return _is_plain(cell) and abs(float(cell)) <= FLOAT32_MAX
    except ValueError:
        return False


def _texts(feature: Feature, column: _Cells, refusals: Refusals | None) -> Sequence[str]:
    if not feature.nullable and "" in column.cells:
        wrong = [row for row, cell in enumerate(column.cells, column.first) if not cell]
        refuse_all(wrong, partial(_fault, feature, column), refusals)
    return column.cells


def _fault(feature: Feature, column: _Cells, row: int) -> Fault:
    cell = column.cells[row - column.first]
    given = f"the text {shown(cell)}" if cell else "an empty cell"
    expected = expectation(feature).replace("null", "an empty cell")
    return row_fault(row, feature.name, given, expected, _COUNTED)
