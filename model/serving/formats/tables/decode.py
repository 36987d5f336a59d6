"""Parquet and Arrow bytes into columns of numbers and texts. In the child: it may panic or run out of memory.

Numbers are float32, as the graph reads them, or float64 where that could not hold one. Texts are places in a
list of the distinct ones, because categories repeat, and a Python text for each value would take most of the
time.
"""

from typing import Any

import arro3.core as arrow
import arro3.io
import numpy as np
import numpy.typing as npt

from model.serving.formats.media import Format
from model.serving.formats.tables.buffers import valid_and_values
from model.serving.formats.tables.messages import Column, Columns

BATCH_ROWS = 65_536
_MAX_TEXT = 100 * 1024 * 1024
"""Characters of distinct texts: as many as the longest body has bytes."""
_MORE_COLUMNS = 16
"""Beside those that are wanted: a data frame's index has as many as it has levels."""
_Type = arrow.DataType
_NUMBERS: dict[Any, np.dtype[Any]] = {
    getattr(_Type, name)(): np.dtype(name)
    for name in (
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    )
}
_PLACES = _Type.dictionary(_Type.int32(), _Type.utf8())


class TooMuch(Exception):
    """A body holds more than it may."""


class Values:
    """One column, batch by batch."""

    def __init__(self, field: arrow.Field) -> None:
        self._field = field
        self._parts: list[npt.NDArray[Any]] = []
        self._places: dict[str, int] = {}
        self.characters = 0

    def add(self, array: arrow.Array) -> None:
        """Takes over the values of one batch."""
        if _kind(self._field.type) == "number":
            self._parts.append(_numbers(array, _NUMBERS[self._field.type]))
        else:
            self._parts.append(self._texts(array))

    def told(self) -> tuple[Column, npt.NDArray[Any]]:
        """The column, and its values."""
        kind = _kind(self._field.type)
        values = np.concatenate(self._parts) if self._parts else np.empty(0, np.float32)
        if kind == "text":
            values = values.astype(np.int32)
        return Column(self._field.name, kind, "", values.dtype.str, list(self._places)), values

    def _texts(self, array: arrow.Array) -> npt.NDArray[Any]:
        places = array.cast(_PLACES)
        distinct = arrow.dictionary_dictionary(places).to_pylist()
        for text in distinct:
            if text is not None and text not in self._places:
                self._places[text] = len(self._places)
                self.characters += len(text)
        valid, values = valid_and_values(arrow.dictionary_indices(places), np.dtype(np.int32))
        if not distinct:
            return np.full(len(values), -1, np.int32)
        known = np.array([-1 if text is None else self._places[text] for text in distinct], np.int32)
        if valid is None:
            return known[values]
        return np.where(valid, known[np.where(valid, values, 0)], -1)


def read(body: bytes, media: Format, wanted: frozenset[str], max_rows: int) -> tuple[Columns, list[Any]]:
    """The columns of `body`, and the values of each that has any.

    Raises TooMuch, or whatever arro3 raises for a body that it cannot read.
    """
    reader = _reader(body, media)
    schema = reader.schema
    fields = [schema.field(index) for index in range(len(schema))]
    if len(fields) > len(wanted) + _MORE_COLUMNS:
        raise TooMuch(f"The table has {len(fields)} columns, and the model reads {len(wanted)}.")
    columns = {
        index: Values(field)
        for index, field in enumerate(fields)
        if field.name in wanted and _kind(field.type) in ("number", "text")
    }
    count = 0
    for batch in reader:
        count += batch.num_rows
        if count > max_rows:
            raise TooMuch(f"The body holds more than {max_rows} rows.")
        for index, column in columns.items():
            column.add(batch.column(index))
        if sum(column.characters for column in columns.values()) > _MAX_TEXT:
            raise TooMuch(f"The body holds more than {_MAX_TEXT} characters of different texts.")
    found = {index: column.told() for index, column in columns.items()}
    told = [
        found[index][0] if index in found else Column(field.name, _kind(field.type), _name(field.type))
        for index, field in enumerate(fields)
    ]
    return Columns(count, told), [values for _, values in found.values()]


def _reader(body: bytes, media: Format) -> arrow.RecordBatchReader:
    match media:
        case Format.PARQUET:
            return arro3.io.read_parquet(body, batch_size=BATCH_ROWS)
        case Format.ARROW_STREAM:
            return arro3.io.read_ipc_stream(body)
        case _:
            return arro3.io.read_ipc(body)


def _kind(kind: arrow.DataType) -> Any:
    if kind in _NUMBERS:
        return "number"
    if _Type.is_null(kind):
        return "null"
    texts = kind.value_type if _Type.is_dictionary(kind) else kind
    if texts is not None and any(
        is_text(texts) for is_text in (_Type.is_string, _Type.is_large_string, _Type.is_string_view)
    ):
        return "text"
    return "other"


def _name(kind: arrow.DataType) -> str:
    """'Timestamp(µs)' of 'arro3.core.DataType<Timestamp(µs)>'."""
    return str(kind).strip().partition("<")[2][:-1]


def _numbers(array: arrow.Array, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    valid, values = valid_and_values(array, dtype)
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    if dtype == np.float64 and np.isinf(narrow).any():
        narrow = values.astype(np.float64)
    if valid is not None:
        narrow[~valid] = np.nan
    return narrow
