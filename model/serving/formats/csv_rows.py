"""A CSV body into columns: RFC 4180, UTF-8, the first line names the features in any order.

An empty cell is a missing value. Column by column, because most of the time goes into numbers.
"""

import csv
import io
import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from model.serving.errors import Fault, refused
from model.serving.formats.columns_named import check_names
from model.serving.formats.limits import MAX_ROWS
from model.serving.formats.refusals import Refusals, refuse_all, row_fault
from model.serving.formats.values import FLOAT32_MAX, expectation, shown
from model.serving.models.columns import Columns, from_columns
from model.serving.models.schema import Feature, Schema

_COUNTED = "rows count from 0, the header not counted"


class CsvRows:
    """Decodes CSV for one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def columns(self, body: bytes, refusals: Refusals | None = None) -> Columns:
        """The rows of `body`. Raises RequestError 400 with the row, from 0 without the header, and field,
        unless a row is wrong that can go to `refusals`."""
        header, rows = _read(body)
        _check_header(header, self._schema)
        _even_out(rows, header, refusals)
        cells = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else {}
        empty = ("",) * len(rows)
        numbers, texts = self._schema.of_kind("number"), self._schema.of_kind("category")
        columns = from_columns(
            len(rows),
            [_numbers(feature, cells.get(feature.name, empty), refusals) for feature in numbers],
            [_texts(feature, cells.get(feature.name, empty), refusals) for feature in texts],
        )
        return columns if refusals is None else refusals.without(columns)


def _even_out(rows: list[list[str]], header: Sequence[str], refusals: Refusals | None) -> None:
    """Refuses rows that have more or fewer cells than the header; where the others go on, empties them."""
    width = len(header)
    wrong = [row for row, cells in enumerate(rows) if len(cells) != width]

    def fault(row: int) -> Fault:
        expected = f"{width} cells, as in the header"
        return row_fault(row, None, f"{len(rows[row])} cells", expected, _COUNTED)

    refuse_all(wrong, fault, refusals)
    for row in wrong:
        rows[row] = [""] * width


def _read(body: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        # with or without a byte order mark: spreadsheets write one
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused("invalid_csv", f"The body is not UTF-8: byte {error.start} is wrong.") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) > MAX_ROWS:
                raise refused("too_many_values", f"The body holds more than {MAX_ROWS} rows.")
    except csv.Error as error:
        raise refused("invalid_csv", f"The body is not CSV: {error} in line {reader.line_num}.") from error
    if not rows:
        raise refused("invalid_csv", "The body is empty; its first line has to name the features.")
    header, *values = rows
    return [name.strip() for name in header], values


def _check_header(header: Sequence[str], schema: Schema) -> None:
    if not set(schema.names) & set(header):
        example, given = ",".join(schema.names[:3]), shown(",".join(header[:3]))
        raise refused(
            "invalid_csv",
            f"The first line has to name the features, like {example},…; given {given}.",
        )
    check_names(header, schema, "the header")


def _numbers(feature: Feature, cells: Sequence[str], refusals: Refusals | None) -> npt.NDArray[np.float64]:
    try:
        values = np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        return _checked_numbers(feature, cells, refusals)
    missing = not feature.nullable and "" in cells
    if missing or not _is_plain("".join(cells)) or (np.abs(values) > FLOAT32_MAX).any():
        return _checked_numbers(feature, cells, refusals)
    return values


def _is_plain(text: str) -> bool:
    """Python's float also reads 1_000, nan, inf and other scripts' digits; no CSV of numbers has them."""
    return text.isascii() and not any(letter in text for letter in "_nN")


def _checked_numbers(
    feature: Feature, cells: Sequence[str], refusals: Refusals | None
) -> npt.NDArray[np.float64]:
    """The numbers of a column that has wrong cells, which are refused."""
    right = [_is_number(feature, cell) for cell in cells]
    refuse_all([row for row, fine in enumerate(right) if not fine], partial(_fault, feature, cells), refusals)
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


def _texts(feature: Feature, cells: Sequence[str], refusals: Refusals | None) -> Sequence[str]:
    if not feature.nullable and "" in cells:
        wrong = [row for row, cell in enumerate(cells) if not cell]
        refuse_all(wrong, partial(_fault, feature, cells), refusals)
    return cells


def _fault(feature: Feature, cells: Sequence[str], row: int) -> Fault:
    cell = cells[row]
    given = f"the text {shown(cell)}" if cell else "an empty cell"
    expected = expectation(feature).replace("null", "an empty cell")
    return row_fault(row, feature.name, given, expected, _COUNTED)
