"""Probabilities of several classes into the body of an answer: one for each class, for each row.

The classes are in the schema's order, and Parquet and Arrow have a column for each. A row that was refused
alone is null in JSON and JSON lines and an empty line in CSV; in the others, and where a probability is no
number, each value is missing as in `results`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from math import isfinite, nan

import msgspec
import numpy as np

from model.serving.answers import Answer
from model.serving.formats.classes import counted
from model.serving.formats.media import Format, Media
from model.serving.formats.refusals import Refusals
from model.serving.formats.results import counted_header, with_errors
from model.serving.formats.tables.encode import table

_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
Row = Sequence[float]
Encoder = Callable[[list[Row]], Answer]


def encoder(wanted: Media, classes: Sequence[str], refusals: Refusals | None) -> Encoder:
    """What makes the answer of a request: probabilities of the rows that were not refused -> 200."""
    return partial(_answer, wanted, classes, refusals)


def _answer(wanted: Media, classes: Sequence[str], refusals: Refusals | None, scored: list[Row]) -> Answer:
    numbers = [counted(row) for row in scored]
    if refusals is None or not refusals.rows:
        return Answer(200, wanted.name, _body(wanted.format, scored, classes), "", numbers)
    rows = refusals.spread(scored)
    if wanted.format is Format.JSON:
        body = with_errors(rows, refusals)
    else:
        body = _body(wanted.format, rows, classes)
    return Answer(200, wanted.name, body, counted_header(refusals), numbers, len(refusals.rows))


def _body(media: Format, rows: Sequence[Row | None], classes: Sequence[str]) -> bytes:
    return _BODIES[media](rows, classes) if media in _BODIES else _table(rows, classes, media)


def _json(rows: Sequence[Row | None], _classes: Sequence[str]) -> bytes:
    return b'{"predictions":' + _encode(rows) + b"}"


def _json_lines(rows: Sequence[Row | None], _classes: Sequence[str]) -> bytes:
    return _encode_lines(rows)


def _csv(rows: Sequence[Row | None], _classes: Sequence[str]) -> bytes:
    return "".join(",".join(map(_cell, row or ())) + "\n" for row in rows).encode()


def _cell(value: float) -> str:
    return repr(value) if isfinite(value) else ""


def _npy(rows: Sequence[Row | None], classes: Sequence[str]) -> bytes:
    body, absent = BytesIO(), [nan] * len(classes)
    values = np.array([absent if row is None else row for row in rows], np.float32)
    np.lib.format.write_array(body, values.reshape(len(rows), len(classes)), allow_pickle=False)
    return body.getvalue()


def _table(rows: Sequence[Row | None], classes: Sequence[str], media: Format) -> bytes:
    columns = {
        name: [None if row is None else row[place] for row in rows] for place, name in enumerate(classes)
    }
    return table(columns, media)


_BODIES: Mapping[Format, Callable[[Sequence[Row | None], Sequence[str]], bytes]] = {
    Format.JSON: _json,
    Format.JSON_LINES: _json_lines,
    Format.CSV: _csv,
    Format.NPY: _npy,
}
