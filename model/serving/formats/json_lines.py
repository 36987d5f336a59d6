"""A body of JSON lines into rows: one object a line, empty lines are none.

The quick way and the careful way as in `json_rows`. A line that is no JSON is a wrong row like any other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from model.serving.errors import RequestError, refused
from model.serving.formats.json_faults import checked_rows
from model.serving.formats.json_forms import Unreadable
from model.serving.formats.json_text import BOM, check_amount, is_marked, parse
from model.serving.formats.limits import MAX_ROWS
from model.serving.formats.refusals import Refusals
from model.serving.formats.typed_rows import TypedRows
from model.serving.models.columns import Columns, Table
from model.serving.models.schema import Schema

_MAX_UNREADABLE = 10_000
"""Lines that are not JSON in a body whose other rows are scored: finding out takes ten times as long."""


class JsonLines:
    """Decodes JSON lines for one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._typed = TypedRows(schema)
        self._decode = msgspec.json.Decoder(self._typed.type).decode_lines

    def columns(self, body: bytes, refusals: Refusals | None = None) -> Table:
        """The rows of `body`. Raises RequestError 400, unless a row is wrong that can go to `refusals`."""
        try:
            rows = self._decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if is_marked(body):
                return self.columns(body[len(BOM) :], refusals)
            return self._careful(body, refusals)
        # a colon more may be of a key that was given twice; two objects on one line are no JSON lines
        if body.count(b":") == len(rows) * self._typed.width and body.strip().count(b"\n") == len(rows) - 1:
            return self._typed.table(rows)
        return self._careful(body, refusals)

    def _careful(self, body: bytes, refusals: Refusals | None) -> Columns:
        check_amount(body)
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > MAX_ROWS:
            raise refused("too_many_values", f"The body holds more than {MAX_ROWS} lines.")
        return checked_rows(_parsed(lines), self._schema, refusals)


def _parsed(lines: Sequence[bytes]) -> Iterator[Any]:
    unreadable = 0
    for index, line in enumerate(lines):
        try:
            yield parse(line, f"Row {index} (rows count from 0)")
        except RequestError as error:
            unreadable += 1
            if unreadable > _MAX_UNREADABLE:
                message = f"More than {_MAX_UNREADABLE} lines are not JSON. {error.fault.message}"
                raise refused("invalid_json", message) from error
            yield Unreadable(replace(error.fault, row=index))
