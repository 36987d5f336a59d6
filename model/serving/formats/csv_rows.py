"""A CSV body into columns: RFC 4180, UTF-8.

The first line names the features in any order; or all lines are rows, with a cell for each feature in the
schema's order, as SageMaker's own clients and batch transform send them. Where the sender does not say which
(`header=` in Content-Type), a first line that names any feature is a header.

Column by column, because most of the time goes into numbers, and a block of rows at a time, because cells
that have left the processor's cache cost twice that.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from model.serving.errors import Fault, RequestError, refused, with_hint
from model.serving.formats.columns_named import check_names
from model.serving.formats.csv_cells import Cells, numbers, texts
from model.serving.formats.limits import MAX_ROWS
from model.serving.formats.refusals import Refusals, refuse_all, row_fault
from model.serving.formats.unnamed import UNNAMED_REFUSED, index_columns
from model.serving.models.columns import Columns, from_columns, merged
from model.serving.models.schema import Feature, Schema
from model.serving.quoting import shown

BLOCK_ROWS = 512
_ABSENT = 'If the first line is a row, send Content-Type "text/csv; header=absent".'
_GUESSED = "The first line was taken for a row, because it names no feature: is it a misspelt header?"


class _Layout(NamedTuple):
    """What stands in which cell of a row, and how messages call that. Of no feature: not looked at."""

    names: Sequence[str]
    expected: str
    counted: str


class CsvRows:
    """Decodes CSV for one schema."""

    def __init__(self, schema: Schema, header: bool | None = None, unnamed: bool = True) -> None:
        """`header` says whether the first line is one, None that it has to be seen; `unnamed` whether a body
        without one is taken."""
        self._schema = schema
        self._header = header
        self._unnamed = unnamed
        self._numbers = schema.of_kind("number")
        self._texts = schema.of_kind("category")

    def columns(self, body: bytes, refusals: Refusals | None = None) -> Columns:
        """The rows of `body`. Raises RequestError 400 with the row, from 0 without the header, and field,
        unless a row is wrong that can go to `refusals`."""
        lines = _Lines(body)
        first = lines.take(1)
        if not first:
            raise refused("invalid_csv", "The body is empty; its first line has to name the features.")
        header = [name.strip() for name in first[0]]
        named = not set(self._schema.names).isdisjoint(header) if self._header is None else self._header
        if named:
            return self._rows(lines, self._named(header), refusals)
        layout = self._in_order(header)
        lines.put_back(first)
        try:
            return self._rows(lines, layout, refusals)
        except RequestError as error:
            if self._header is None and error.fault.row == 0:
                raise with_hint(error, _GUESSED) from error
            raise

    def _named(self, header: Sequence[str]) -> _Layout:
        """The layout that a header gives. Raises RequestError 400."""
        if set(self._schema.names).isdisjoint(header):
            raise refused("invalid_csv", f"The first line has to name the features, {self._unlike(header)}.")
        try:
            names = header[index_columns(header, self._schema.names) :]
            check_names(names, self._schema, "the header")
        except RequestError as error:
            # a row may hold a feature's name by chance
            if self._header is None and len(header) == len(self._schema.names):
                raise with_hint(error, _ABSENT) from error
            raise
        expected = f"{len(header)} cells, as in the header"
        return _Layout(header, expected, "rows count from 0, the header not counted")

    def _in_order(self, first: Sequence[str]) -> _Layout:
        """The layout of rows without a header, of which `first` is one. Raises RequestError 400."""
        names = self._schema.names
        message = f"The first line has to name the features, {self._unlike(first)}."
        if not self._unnamed:
            raise refused("invalid_csv", f"{message} {UNNAMED_REFUSED}")
        if self._header is None and len(first) != len(names):
            row = f"Without a header a row has {len(names)} cells, and this has {len(first)}."
            raise refused("invalid_csv", f"{message} {row}")
        return _Layout(names, f"{len(names)} cells, one for each feature", "rows count from 0")

    def _unlike(self, given: Sequence[str]) -> str:
        return f"like {','.join(self._schema.names[:3])},…; given {shown(','.join(given[:3]))}"

    def _rows(self, lines: "_Lines", layout: _Layout, refusals: Refusals | None) -> Columns:
        first, parts = 0, []
        while rows := lines.take(BLOCK_ROWS):
            if first + len(rows) > MAX_ROWS:
                raise refused("too_many_values", f"The body holds more than {MAX_ROWS} rows.")
            _even_out(first, rows, layout, refusals)
            cells = dict(zip(layout.names, zip(*rows, strict=True), strict=True))
            parts.append(self._block(first, cells, layout.counted, refusals))
            first += len(rows)
        columns = merged(parts) if parts else self._block(0, {}, layout.counted, refusals)
        return columns if refusals is None else refusals.without(columns)

    def _block(
        self, first: int, cells: Mapping[str, Sequence[str]], counted: str, refusals: Refusals | None
    ) -> Columns:
        """The columns of some rows; a column that is left out is missing in all of them."""
        count = len(next(iter(cells.values()), ()))
        empty = ("",) * count

        def of(feature: Feature) -> Cells:
            return Cells(first, cells.get(feature.name, empty), counted)

        return from_columns(
            count,
            [numbers(feature, of(feature), refusals) for feature in self._numbers],
            [texts(feature, of(feature), refusals) for feature in self._texts],
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

    def put_back(self, rows: list[list[str]]) -> None:
        """`rows` are the next ones again."""
        self._rows = chain(rows, self._rows)


def _even_out(first: int, rows: list[list[str]], layout: _Layout, refusals: Refusals | None) -> None:
    """Refuses rows that have more or fewer cells than the layout; where the others go on, empties them."""
    width = len(layout.names)
    wrong = [row for row, cells in enumerate(rows) if len(cells) != width]

    def fault(row: int) -> Fault:
        return row_fault(row, None, f"{len(rows[row - first])} cells", layout.expected, layout.counted)

    refuse_all([first + row for row in wrong], fault, refusals)
    for row in wrong:
        rows[row] = [""] * width
