"""A CSV body into columns: RFC 4180, UTF-8, the first line names the features in any order.

An empty cell is a missing value. Column by column, because most of the time goes into numbers.
"""

import csv
import io
import math
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from model.serving.errors import Fault, RequestError, refused
from model.serving.formats.values import FLOAT32_MAX, clean, expectation, resembling, shown
from model.serving.models.columns import Columns, from_columns
from model.serving.models.schema import Feature, Schema

MAX_ROWS = 1_000_000
"""Rows in one body: Python needs about 100 bytes for a row of one digit."""


class CsvRows:
    """Decodes CSV for one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def columns(self, body: bytes) -> Columns:
        """The rows of `body`. Raises RequestError 400 with the row, from 0 without the header, and field."""
        header, rows = _read(body)
        _check_header(header, self._schema)
        count = len(rows)
        for index, row in enumerate(rows):
            if len(row) != len(header):
                _refuse(index, None, f"{len(row)} cells", f"{len(header)} cells, as in the header")
        cells = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else {}
        empty = ("",) * count
        return from_columns(
            count,
            [_numbers(feature, cells.get(feature.name, empty)) for feature in self._schema.of_kind("number")],
            [_texts(feature, cells.get(feature.name, empty)) for feature in self._schema.of_kind("category")],
        )


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
    names = set(schema.names)
    if not names & set(header):
        example, given = ",".join(schema.names[:3]), shown(",".join(header[:3]))
        raise refused(
            "invalid_csv",
            f"The first line has to name the features, like {example},…; given {given}.",
        )
    seen: set[str] = set()
    for name in header:
        if name in seen:
            _refuse(None, name, "two columns", "one column")
        if name not in names:
            _refuse(None, name, f"an unknown column{resembling(name, names)}", "only the model's features")
        seen.add(name)
    for feature in schema.features:
        if feature.name not in seen and not feature.nullable:
            _refuse(None, feature.name, "no such column", expectation(feature))


def _numbers(feature: Feature, cells: Sequence[str]) -> npt.NDArray[np.float64]:
    try:
        values = np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        _refuse_number(feature, cells)
    missing = not feature.nullable and "" in cells
    if missing or not _is_plain("".join(cells)) or (np.abs(values) > FLOAT32_MAX).any():
        _refuse_number(feature, cells)
    return values


def _is_plain(text: str) -> bool:
    """Python's float also reads 1_000, nan, inf and other scripts' digits; no CSV of numbers has them."""
    return text.isascii() and not any(letter in text for letter in "_nN")


def _refuse_number(feature: Feature, cells: Sequence[str]) -> NoReturn:
    """Names the first wrong cell of a column that has one."""
    row = next(row for row, cell in enumerate(cells) if not _is_number(feature, cell))
    _refuse(row, feature.name, _cell(cells[row]), expectation(feature).replace("null", "an empty cell"))


def _is_number(feature: Feature, cell: str) -> bool:
    if not cell:
        return feature.nullable
    try:
        return _is_plain(cell) and abs(float(cell)) <= FLOAT32_MAX
    except ValueError:
        return False


def _texts(feature: Feature, cells: Sequence[str]) -> Sequence[str]:
    if not feature.nullable and "" in cells:
        _refuse(cells.index(""), feature.name, _cell(""), expectation(feature))
    return cells


def _cell(cell: str) -> str:
    return f"the text {shown(cell)}" if cell else "an empty cell"


def _refuse(row: int | None, field: str | None, given: str, expected: str) -> NoReturn:
    places = ["the header" if row is None else f"row {row}"]
    if field is not None:
        places.append(f"field {shown(field)}")
    counted = "" if row is None else " (rows count from 0, the header not counted)"
    raise RequestError(
        400,
        Fault(
            "invalid_row" if field is None else "invalid_field",
            f"In {', '.join(places)}{counted}: given {given}, expected {expected}.",
            row=row,
            field=None if field is None else clean(field),
            given=given,
            expected=expected,
        ),
    )
