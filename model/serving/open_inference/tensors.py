"""A request's tensors as rows of one schema. It knows no HTTP and no model."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from model.serving.errors import RequestError, refused
from model.serving.formats.limits import MAX_ROWS
from model.serving.formats.values import FLOAT32_MAX, describe, expectation, resembling
from model.serving.models.columns import Columns, Rows, Table
from model.serving.models.schema import Feature, Schema
from model.serving.open_inference.body import MAX_SIZE, Tensor, Value
from model.serving.open_inference.body_faults import tensor_error, value_error
from model.serving.open_inference.datatypes import (
    TEXT,
    binary_numbers,
    binary_texts,
    check_datatype,
    check_size,
    numbers,
    texts,
)
from model.serving.quoting import clean, shown

BINARY_SIZE = "binary_data_size"
_CONTENT_TYPE = "content_type"
_CONTENT_TYPES = ("np", "pd", "str")
"""MLServer's codecs that change nothing about the data."""
_ONE_ROW = ([1, 1], [1])
_EXACT = ("FP32", "FP64")


class _Part(NamedTuple):
    """One input, of the right size: its values from JSON, or else the bytes of its binary ones."""

    feature: Feature
    datatype: str
    data: Sequence[Value] | None
    content: memoryview


class Tensors:
    """Makes rows of tensors, for one schema. May be called from several threads at once."""

    def __init__(self, schema: Schema) -> None:
        self._features = {feature.name: feature for feature in schema.features}
        self._required = {feature.name for feature in schema.features if not feature.nullable}
        self._numbers = [feature.name for feature in schema.of_kind("number")]
        self._categories = [feature.name for feature in schema.of_kind("category")]
        self._rows = {
            name: row for names in (self._numbers, self._categories) for row, name in enumerate(names)
        }

    def table(self, inputs: Sequence[Tensor], binary: memoryview) -> Table:
        """The rows of `inputs`, whose binary values lie one after the other in `binary`.

        A nullable feature may be left out. Raises RequestError 400.
        """
        if not binary and (row := self._one_row(inputs)) is not None:
            return row
        features = self._check_names(inputs)
        count = _count(inputs[0])
        # nothing is allocated for rows that are only claimed
        parts = _parts(inputs, features, count, binary)
        columns = Columns(
            count,
            np.full((len(self._numbers), count), np.nan, np.float32),
            np.full((len(self._categories), count), "", object),
        )
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is found below
            for part in parts:
                self._fill(columns, part)
        # one look at all numbers: there are many tensors of few values
        if not np.isfinite(columns.numbers).all():
            self._check_numbers(columns, parts)
        return columns

    def _one_row(self, inputs: Sequence[Tensor]) -> Rows | None:
        """The quick way for a single row in JSON; None for what it does not recognise."""
        features = self._features
        found: dict[str, Any] = {}
        for tensor in inputs:
            feature, data = features.get(tensor.name), tensor.data
            if feature is None or data is None or len(data) != 1 or tensor.shape not in _ONE_ROW:
                return None
            value = data[0]
            if tensor.parameters is not None or not _plain(feature, tensor.datatype, value):
                return None
            found[tensor.name] = value
        if len(found) != len(inputs) or not self._required <= found.keys():
            return None
        return Rows(1, [tuple(map(found.get, self._numbers))], [tuple(map(found.get, self._categories))])

    def _check_names(self, inputs: Sequence[Tensor]) -> list[Feature]:
        """The feature of each input."""
        names = [tensor.name for tensor in inputs]
        if unknown := [name for name in names if name not in self._features]:
            raise tensor_error(
                unknown[0],
                f"an unknown input{resembling(unknown[0], self._features)}",
                "only the model's features",
            )
        if len(set(names)) < len(names):
            twice = next(name for index, name in enumerate(names) if name in names[:index])
            raise tensor_error(twice, "two inputs of this name", "one")
        for name, feature in self._features.items():
            if not feature.nullable and name not in names:
                raise tensor_error(name, "nothing", expectation(feature))
        if not inputs:
            raise refused("invalid_request", 'Without any input in "inputs" there are no rows.')
        return [self._features[name] for name in names]

    def _fill(self, columns: Columns, part: _Part) -> None:
        """Writes the values of one tensor where the graph reads them."""
        feature, datatype, data, content = part
        row = self._rows[feature.name]
        if feature.kind == "number":
            values = binary_numbers(datatype, content) if data is None else numbers(feature, datatype, data)
            columns.numbers[row] = values
        elif data is None:
            columns.categories[row] = binary_texts(feature, columns.count, content)
        else:
            columns.categories[row] = texts(feature, data)

    def _check_numbers(self, columns: Columns, parts: Sequence[_Part]) -> None:
        """Refuses a number that is missing and may not be, or that float32 cannot hold."""
        for feature, datatype, data, content in parts:
            if feature.kind == "category":
                continue
            values = columns.numbers[self._rows[feature.name]]
            wrong = np.isinf(values) if feature.nullable else ~np.isfinite(values)
            if wrong.any():
                row = int(np.argmax(wrong))
                given = (
                    _describe(binary_numbers(datatype, content)[row]) if data is None else describe(data[row])
                )
                raise value_error(feature.name, row, given, expectation(feature))


def _describe(number: float) -> str:
    return describe(float(number)) if np.isfinite(number) else str(number)


def _plain(feature: Feature, datatype: str, value: Any) -> bool:
    """Whether the feature takes the value, in a datatype whose range needs no look."""
    if feature.kind == "number":
        if type(value) is float:
            return datatype in _EXACT and -FLOAT32_MAX <= value <= FLOAT32_MAX
        return value is None and feature.nullable and datatype in _EXACT
    return datatype == TEXT and (type(value) is str or (value is None and feature.nullable))


def _parts(
    inputs: Sequence[Tensor], features: Sequence[Feature], count: int, binary: memoryview
) -> list[_Part]:
    """Each input with its feature, when all have `count` values. Raises RequestError 400."""
    parts: list[_Part] = []
    start = 0
    for tensor, feature in zip(inputs, features, strict=True):
        _check_shape(tensor, inputs[0], count)
        check_datatype(feature, tensor.datatype)
        _check_parameters(tensor)
        size = _binary_size(tensor)
        content = binary[start : start + size]
        if len(content) < size:
            what = f"at most {len(content)}, which is what is left"
            raise tensor_error(tensor.name, f"{BINARY_SIZE} {size}", what)
        start += size
        if tensor.data is None:
            check_size(feature, tensor.datatype, count, len(content))
        parts.append(_Part(feature, tensor.datatype, _flat(tensor, count), content))
    if start != len(binary):
        raise refused(
            "invalid_request", f"After the JSON there are {len(binary)} bytes, and the inputs name {start}."
        )
    return parts


def _count(first: Tensor) -> int:
    """The rows of the request: what the first input says."""
    shape = first.shape
    if not shape or shape[1:] not in ([], [1]):
        raise _wrong_shape(first, "[rows, 1] or [rows]")
    if shape[0] > MAX_ROWS:
        raise refused("too_many_rows", f"The request has {shape[0]} rows, and can have {MAX_ROWS}.")
    return shape[0]


def _check_shape(tensor: Tensor, first: Tensor, count: int) -> None:
    if tensor.shape != [count, 1] and tensor.shape != [count]:
        as_first = "" if tensor is first else f", as input {shown(first.name)} has them"
        raise _wrong_shape(tensor, f"[{count}, 1] or [{count}]{as_first}")


def _wrong_shape(tensor: Tensor, expected: str) -> RequestError:
    return tensor_error(tensor.name, f"shape {clean(str(tensor.shape[:5]))}", f"shape {expected}")


def _check_parameters(tensor: Tensor) -> None:
    """Of all that parameters can say, this alone would change what the data mean."""
    codec = (tensor.parameters or {}).get(_CONTENT_TYPE)
    if codec is not None and codec not in _CONTENT_TYPES:
        raise tensor_error(
            tensor.name, f"{_CONTENT_TYPE} {describe(codec)}", f"one of {', '.join(_CONTENT_TYPES)}"
        )


def _binary_size(tensor: Tensor) -> int:
    """How many bytes of the tensor's values come after the JSON."""
    size = (tensor.parameters or {}).get(BINARY_SIZE)
    if size is None:
        if tensor.data is None:
            raise tensor_error(tensor.name, "no data", f'"data", or {BINARY_SIZE} among its parameters')
        return 0
    if tensor.data is not None:
        raise tensor_error(tensor.name, f'"data" and {BINARY_SIZE}', "one of them")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_SIZE:
        raise tensor_error(tensor.name, f"{BINARY_SIZE} {describe(size)[:60]}", "a number of bytes")
    return size


def _flat(tensor: Tensor, count: int) -> Sequence[Value] | None:
    """The tensor's values in JSON, one for each row."""
    if tensor.data is None:
        return None
    flat: list[Any] = tensor.data
    lists = sum(isinstance(value, list) for value in flat)
    if lists:
        if lists < len(flat) or any(len(row) != 1 for row in flat):
            raise tensor_error(
                tensor.name, "data in lists", "a flat list, or one list of one value for each row"
            )
        flat = list(chain.from_iterable(flat))
    if len(flat) != count:
        raise tensor_error(tensor.name, f"{len(flat)} values", f"{count} for shape {tensor.shape}")
    return flat
