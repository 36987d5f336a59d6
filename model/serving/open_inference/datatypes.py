"""The values of one tensor, from JSON or from bytes, as the graph reads them. It knows no other tensor.

The protocol's binary form is little-endian; each element of BYTES is its length in four bytes, then the text
in UTF-8. A missing value is null in JSON, NaN in a binary FP32 or FP64, and an empty text in BYTES.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from model.serving.formats.values import describe, expectation
from model.serving.models.columns import Categories
from model.serving.models.schema import Feature
from model.serving.open_inference.body_faults import tensor_error, value_error

TEXT = "BYTES"
NUMBERS: dict[str, np.dtype[Any]] = {
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    **{
        f"{sign}INT{8 * size}": np.dtype(f"<{letter}{size}")
        for sign, letter in (("", "i"), ("U", "u"))
        for size in (1, 2, 4, 8)
    },
}
_LENGTH = struct.Struct("<I")
_NONE = type(None)


def check_datatype(feature: Feature, datatype: str) -> None:
    """Raises RequestError 400 when a tensor of `datatype` cannot hold values of `feature`."""
    taken = (TEXT,) if feature.kind == "category" else tuple(NUMBERS)
    if datatype not in taken:
        raise tensor_error(feature.name, f"datatype {describe(datatype)}", f"datatype {' or '.join(taken)}")


def texts(feature: Feature, data: Sequence[Any]) -> Sequence[str]:
    """The texts of a category in `data`, "" for a missing one. Raises RequestError 400."""
    kinds = set(map(type, data))
    if kinds <= {str}:
        return data
    if not kinds <= {str, _NONE} or not feature.nullable:
        wrong = (_NONE, float) if not feature.nullable else (float,)
        row = next(row for row, value in enumerate(data) if isinstance(value, wrong))
        raise value_error(feature.name, row, describe(data[row]), expectation(feature))
    return ["" if value is None else value for value in data]


def numbers(feature: Feature, datatype: str, data: Sequence[Any]) -> Sequence[Any]:
    """The numbers in `data`, None for a missing one, their range not checked. Raises RequestError 400."""
    if not set(map(type, data)) <= {float, _NONE}:
        row = next(row for row, value in enumerate(data) if isinstance(value, str))
        raise value_error(feature.name, row, describe(data[row]), expectation(feature))
    kind = NUMBERS[datatype]
    if kind.kind in "iu":
        wide = np.array(data, np.float64)
        bounds = np.iinfo(kind)
        whole = np.isnan(wide) | ((wide == np.floor(wide)) & (wide >= bounds.min) & (wide <= bounds.max))
        if not whole.all():
            row = int(np.argmin(whole))
            raise value_error(feature.name, row, describe(data[row]), f"a whole number of {datatype}")
    return data


def binary_numbers(datatype: str, content: memoryview) -> npt.NDArray[Any]:
    """The numbers in `content`, whose size was checked; their range is not."""
    return np.frombuffer(content, NUMBERS[datatype])


def check_size(feature: Feature, datatype: str, count: int, size: int) -> None:
    """Raises RequestError 400 when `size` bytes cannot be `count` values."""
    if datatype == TEXT:
        if size < count * _LENGTH.size:
            raise tensor_error(feature.name, f"{size} binary bytes", f"{_LENGTH.size} or more for each row")
    elif size != count * NUMBERS[datatype].itemsize:
        raise tensor_error(
            feature.name,
            f"{size} binary bytes",
            f"{count * NUMBERS[datatype].itemsize} for {count} rows of {datatype}",
        )


def binary_texts(feature: Feature, count: int, content: memoryview) -> Categories:
    """`count` texts in `content`. Raises RequestError 400."""
    found = np.empty(count, object)
    start = 0
    for row in range(count):
        end = start + _LENGTH.size
        if end <= len(content):
            end += _LENGTH.unpack_from(content, start)[0]
        if end > len(content):
            raise tensor_error(
                feature.name,
                f"{len(content)} binary bytes that end inside row {row}",
                f"{count} texts, each after its length in 4 bytes",
            )
        found[row] = _text(feature, row, content[start + _LENGTH.size : end])
        start = end
    if start != len(content):
        raise tensor_error(
            feature.name, f"{len(content)} binary bytes", f"{start}, which is where its {count} texts end"
        )
    return found


def _text(feature: Feature, row: int, content: memoryview) -> str:
    try:
        return str(content, "utf-8")
    except UnicodeDecodeError as error:
        raise value_error(feature.name, row, "bytes that are not UTF-8", expectation(feature)) from error
