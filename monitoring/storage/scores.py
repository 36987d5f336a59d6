"""A captured answer's body into one number for each row: the one that telemetry counts (docs/telemetry.md).

Answers of this repository's server are read in each of its formats; those of other containers as the golden
requests of their release say. A number that is not finite is None, as is a row that was refused alone.
"""

import io
from collections.abc import Sequence
from math import isfinite
from typing import Any

import msgspec
import numpy as np

from model.serving.errors import RequestError
from model.serving.formats.classes import counted
from model.serving.formats.media import Format, request_format
from model.serving.models.schema import Output
from monitoring.records.troubles import NotReadable, Trouble
from release.domain.captures import NotEvidence, Reading

Scores = Sequence[float | None]


class _One(msgspec.Struct):
    predictions: list[float | None]


class _Classes(msgspec.Struct):
    predictions: list[list[float | None] | None]


class Answers:
    """Reads the answers of one release."""

    def __init__(self, output: Output | None, reading: Reading | None) -> None:
        """`reading` is of a container that this repository did not build; the others have an `output`."""
        self._reading = reading
        self._classes = bool(output and output.classes)
        shape: Any = _Classes if self._classes else _One
        self._json = msgspec.json.Decoder(shape).decode
        line: Any = list[float | None] | None if self._classes else float | None
        self._lines = msgspec.json.Decoder(line).decode_lines

    def scores(self, body: bytes, content_type: str) -> Scores:
        """One number for each row. Raises NotReadable."""
        if self._reading is not None:
            return _foreign(self._reading, body, content_type)
        try:
            media = request_format(content_type)
        except RequestError:
            raise NotReadable(Trouble.TYPE) from None
        try:
            found = self._values(media.format, body)
        except (msgspec.MsgspecError, ValueError, TypeError, OSError, EOFError):
            raise NotReadable(Trouble.ANSWER) from None
        return [self._number(row) for row in found]

    def _values(self, media: Format, body: bytes) -> Sequence[Any]:
        match media:
            case Format.JSON:
                return self._json(body).predictions
            case Format.JSON_LINES:
                return self._lines(body)
            case Format.CSV:
                return [self._csv(line) for line in body.decode().removesuffix("\n").split("\n")]
            case Format.NPY:
                return np.load(io.BytesIO(body), allow_pickle=False).tolist()
            case _:
                return _columns(media, body, self._classes)

    def _csv(self, line: str) -> Any:
        cells = [float(cell) for cell in line.split(",")] if line.strip() else []
        return cells if self._classes else next(iter(cells), None)

    def _number(self, row: Any) -> float | None:
        if self._classes:
            row = counted(row) if row and None not in row else None
        return row if row is not None and isfinite(row) else None


def _columns(media: Format, body: bytes, classes: bool) -> Sequence[Any]:
    import pyarrow as pa
    import pyarrow.parquet

    opened = {Format.ARROW_STREAM: pa.ipc.open_stream, Format.ARROW_FILE: pa.ipc.open_file}
    if media in opened:
        table = opened[media](body).read_all()
    else:
        table = pyarrow.parquet.read_table(pa.BufferReader(body))
    columns = [column.to_pylist() for column in table.columns]
    return list(map(list, zip(*columns, strict=True))) if classes else columns[0]


def _foreign(reading: Reading, body: bytes, content_type: str) -> Scores:
    try:
        return reading.numbers(body, content_type)
    except NotEvidence:
        raise NotReadable(Trouble.TYPE) from None
