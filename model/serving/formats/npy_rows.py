"""A body in NumPy's format into columns. Nothing is unpickled, nor allocated for what a header claims.

Two kinds of arrays hold rows: one with a field for each feature, by name, or, where a model has only numbers,
a plain one of numbers, shape (rows, features), in the schema's order. A missing number is NaN.
"""

import ast
import warnings
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from model.serving.errors import refused
from model.serving.formats.columns_named import Named, Texts, check_names, checked_columns, kind_fault
from model.serving.formats.limits import MAX_ROWS
from model.serving.formats.refusals import Refusals
from model.serving.formats.unnamed import UNNAMED_REFUSED
from model.serving.models.columns import Columns
from model.serving.models.schema import Feature, Schema

_MAGIC = b"\x93NUMPY"
_MAX_HEADER = 64 * 1024
_WHERE = "the array"


class NpyRows:
    """Decodes NumPy's format for one schema."""

    def __init__(self, schema: Schema, unnamed: bool = True) -> None:
        """`unnamed` says whether an array without names is taken."""
        self._schema = schema
        self._unnamed = unnamed

    def columns(self, body: bytes, refusals: Refusals | None = None) -> Columns:
        """The rows of `body`. Raises RequestError 400, unless a row is wrong that can go to `refusals`."""
        array = _array(body)
        named = self._plain(array) if array.dtype.names is None else self._structured(array)
        return checked_columns(named, self._schema, refusals)

    def _plain(self, array: npt.NDArray[Any]) -> Named:
        names = self._schema.names
        if texts := self._schema.of_kind("category"):
            raise refused(
                "invalid_npy",
                f"The array has no field names, and the model has texts, such as {texts[0].name!a}."
                f" Send a structured array with the fields {', '.join(names[:3])}, ….",
            )
        if not self._unnamed:
            raise refused("invalid_npy", f"The array has no field names. {UNNAMED_REFUSED}")
        if array.ndim != 2 or array.shape[1] != len(names):
            raise refused(
                "invalid_npy",
                f"The array has shape {array.shape}, and the model takes (rows, {len(names)}): one column for"
                f" each of {', '.join(names[:3])}, ….",
            )
        columns = zip(self._schema.features, array.T, strict=True)
        numbers = {feature.name: _numbers(feature, column) for feature, column in columns}
        return Named(len(array), numbers, {}, "NaN")

    def _structured(self, array: npt.NDArray[Any]) -> Named:
        if array.ndim != 1:
            raise refused("invalid_npy", f"The array has shape {array.shape}, and rows have shape (rows,).")
        names = array.dtype.names or ()
        check_names(names, self._schema, "the array's fields")
        present = [feature for feature in self._schema.features if feature.name in names]
        numbers = {each.name: _numbers(each, array[each.name]) for each in present if each.kind == "number"}
        texts = {each.name: _texts(each, array[each.name]) for each in present if each.kind == "category"}
        return Named(len(array), numbers, texts, "NaN")


def _numbers(feature: Feature, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if column.dtype.kind not in "iuf" or column.ndim != 1 or column.dtype.itemsize > 8:
        raise kind_fault(_WHERE, feature, f"values of type {column.dtype.str!a}")
    return column


def _texts(feature: Feature, column: npt.NDArray[Any]) -> Texts:
    if column.dtype.kind not in "SU" or column.ndim != 1:
        raise kind_fault(_WHERE, feature, f"values of type {column.dtype.str!a}")
    try:
        texts = np.char.decode(column, "utf-8") if column.dtype.kind == "S" else column
        values = texts.astype(object)
        # half a surrogate pair is a str in Python and no text anywhere else
        "".join(values).encode()
    except (UnicodeError, ValueError, SystemError) as error:
        raise kind_fault(_WHERE, feature, "bytes that are no text") from error
    return Texts(values, np.zeros(len(values), bool))


def _array(body: bytes) -> npt.NDArray[Any]:
    """The array in `body`, a view of it."""
    shape, dtype, fortran, offset = _header(body)
    if len(shape) not in (1, 2) or not dtype.itemsize:
        raise refused(
            "invalid_npy", f"The array has shape {shape}, and rows have (rows,) or (rows, features)."
        )
    if max(shape) > MAX_ROWS:
        raise refused("too_many_values", f"The body holds more than {MAX_ROWS} rows.")
    expected = prod(shape) * dtype.itemsize
    if len(body) - offset != expected:
        raise refused(
            "invalid_npy",
            f"The header says shape {shape} of {dtype.itemsize} bytes each, {expected} together, and"
            f" {len(body) - offset} follow.",
        )
    if not expected:
        return np.empty(shape, dtype)
    array = np.frombuffer(body, dtype, offset=offset)
    return array.reshape(shape, order="F" if fortran else "C")


def _header(body: bytes) -> tuple[tuple[int, ...], np.dtype[Any], bool, int]:
    """Shape, type, order and where the values begin (NumPy's format, versions 1 to 3)."""
    if body[:6] != _MAGIC or len(body) < 12 or body[6] not in (1, 2, 3):
        raise _wrong("it does not begin as one")
    begin = 10 if body[6] == 1 else 12
    size = int.from_bytes(body[8:begin], "little")
    if size > _MAX_HEADER:
        raise _wrong(f"its header is longer than {_MAX_HEADER} bytes")
    text = body[begin : begin + size].decode("utf-8" if body[6] == 3 else "latin-1", errors="replace")
    with warnings.catch_warnings():
        # Python warns, with the text, of an odd one
        warnings.simplefilter("ignore")
        # literals only: nothing is executed
        header = _understood(lambda: ast.literal_eval(text))
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise _wrong("its header does not have descr, fortran_order and shape")
    shape = header["shape"]
    if not isinstance(shape, tuple) or not all(isinstance(size, int) and size >= 0 for size in shape):
        raise _wrong("its shape is none")
    dtype = _understood(lambda: np.lib.format.descr_to_dtype(header["descr"]))
    if not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise _wrong("its values are Python objects, which are never loaded")
    return shape, dtype, header["fortran_order"] is True, begin + size


def _understood(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception as error:  # whatever the parser or NumPy makes of a header that nobody wrote
        raise _wrong("its header cannot be understood") from error


def _wrong(why: str) -> Exception:
    return refused("invalid_npy", f"The body is no array in NumPy's format: {why}.")
