"""Rows of which a value is wrong, value by value: right, missing or invalid. Slow, and for few requests."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.serving.errors import RequestError
from model.serving.formats.csv_cells import MISSING_WORDS
from model.serving.formats.json_forms import rows_of
from model.serving.formats.json_text import check_amount, parse
from model.serving.formats.media import Format, Media
from model.serving.formats.values import FLOAT32_MAX, NotJson
from model.serving.models.columns import Columns, from_rows
from model.serving.models.schema import Schema
from monitoring.records.troubles import NotReadable, Trouble

_NO_ROW: Mapping[str, Any] = {}


class Loose:
    """Reads the rows of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._numbers = [feature.name for feature in schema.of_kind("number")]
        self._texts = [feature.name for feature in schema.of_kind("category")]

    def rows(self, media: Media, body: bytes) -> tuple[Columns, Mapping[int, Sequence[str]]]:
        """The rows of a text, and by row the names of what is invalid. Raises NotReadable or RequestError."""
        match media.format:
            case Format.JSON:
                check_amount(body)
                found = self._objects(rows_of(parse(body), self._schema, True).rows)
            case Format.JSON_LINES:
                found = self._objects(map(_parsed, filter(bytes.strip, body.split(b"\n"))))
            case _:
                found = self._cells(body, media.header)
        if not found:
            raise NotReadable(Trouble.REQUEST)
        invalid: dict[int, Sequence[str]] = {}
        numbers, texts = [], []
        for place, row in enumerate(found):
            if row is None:
                invalid[place] = self._schema.names
                row = _NO_ROW
            right = [_number(row.get(name)) for name in self._numbers]
            said = [_text(row.get(name)) for name in self._texts]
            if wrong := [
                name
                for name, value in zip([*self._numbers, *self._texts], [*right, *said], strict=True)
                if value is NotReadable
            ]:
                invalid[place] = wrong
            numbers.append(tuple(None if value is NotReadable else value for value in right))
            texts.append(tuple(None if value is NotReadable else value for value in said))
        return from_rows(numbers, texts), invalid

    def _objects(self, rows: Iterable[Any]) -> list[Mapping[str, Any] | None]:
        return [row if isinstance(row, dict) else None for row in rows]

    def _cells(self, body: bytes, header: bool | None) -> list[Mapping[str, Any] | None]:
        try:
            lines = [line for line in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")) if line]
        except (UnicodeDecodeError, csv.Error):
            raise NotReadable(Trouble.REQUEST) from None
        names: Sequence[str] = self._schema.names
        first = [cell.strip() for cell in lines[0]] if lines else []
        if header or (header is None and not set(names).isdisjoint(first)):
            names, lines = first, lines[1:]
        numbers = set(self._numbers)
        return [
            {name: _cell(cell) if name in numbers else cell for name, cell in zip(names, line, strict=True)}
            if len(line) == len(names)
            else None
            for line in lines
        ]


def _parsed(line: bytes) -> Any:
    try:
        return parse(line)
    except RequestError:
        return None


def _cell(text: str) -> Any:
    """A cell of numbers as JSON would have it: a number, None, or what it says."""
    if not text.strip() or text.strip() in MISSING_WORDS:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _number(value: Any) -> Any:
    """The number, None for a missing one, NotReadable for what is none."""
    if value is None or (isinstance(value, NotJson) and value == "NaN"):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NotReadable
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if abs(value) <= FLOAT32_MAX else NotReadable


def _text(value: Any) -> Any:
    if value is None:
        return None
    return value if isinstance(value, str) and not isinstance(value, NotJson) else NotReadable
