"""Checks columns that a body gives by name, and puts them into the order in which the model reads them.

For formats that hold whole columns (CSV is not one). A column is checked as a whole; single values are looked
at only to say which one is wrong. It reads no bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from model.serving.errors import Fault, RequestError
from model.serving.formats.refusals import Refusals, refuse_all, row_fault
from model.serving.formats.values import FLOAT32_MAX, describe, expectation, resembling
from model.serving.models.columns import Columns
from model.serving.models.schema import Feature, Schema
from model.serving.quoting import clean, shown


class Texts(NamedTuple):
    """A column of texts. `missing` marks the rows without a value, whose text is ""."""

    values: npt.NDArray[np.object_]
    missing: npt.NDArray[np.bool_]


class Named(NamedTuple):
    """`count` rows, by column. A missing number is NaN; messages call it `missing`."""

    count: int
    numbers: Mapping[str, npt.NDArray[Any]]
    texts: Mapping[str, Texts]
    missing: str


def checked_columns(named: Named, schema: Schema, refusals: Refusals | None) -> Columns:
    """The columns of `named` in the schema's order, every value right. Their names must have been checked.

    Raises RequestError 400 for the first wrong value of the first column that has one, unless wrong rows can
    go to `refusals`.
    """
    numbers = np.full((len(schema.of_kind("number")), named.count), np.nan, np.float32)
    categories = np.full((len(schema.of_kind("category")), named.count), "", object)
    for into, feature in zip(numbers, schema.of_kind("number"), strict=True):
        if feature.name in named.numbers:
            values = named.numbers[feature.name]
            if values.dtype == np.float16:  # too narrow to be compared with what float32 holds
                values = values.astype(np.float32)
            _check_numbers(feature, values, named.missing, refusals)
            with np.errstate(over="ignore"):
                into[:] = values
    for into, feature in zip(categories, schema.of_kind("category"), strict=True):
        if feature.name in named.texts:
            values, missing = named.texts[feature.name]
            if not feature.nullable and missing.any():
                fault = partial(_fault, feature, lambda _row: named.missing, named.missing)
                refuse_all(np.flatnonzero(missing).tolist(), fault, refusals)
            into[:] = values
    columns = Columns(named.count, numbers, categories)
    return columns if refusals is None else refusals.without(columns)


def check_names(names: Sequence[str], schema: Schema, where: str) -> None:
    """Refuses names that are no features, a feature named twice, and one left out that has to be there.

    `where` says where the names are. Raises RequestError 400.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _name_fault(where, name, "two columns", "one column")
        if name not in schema.names:
            given = f"an unknown column{resembling(name, schema.names)}"
            raise _name_fault(where, name, given, "only the model's features")
        seen.add(name)
    for feature in schema.features:
        if feature.name not in seen and not feature.nullable:
            raise _name_fault(where, feature.name, "no such column", expectation(feature))


def kind_fault(where: str, feature: Feature, given: str) -> RequestError:
    """A column whose type no value of the feature can have."""
    return _name_fault(where, feature.name, given, expectation(feature))


def _name_fault(where: str, name: str, given: str, expected: str) -> RequestError:
    message = f"In {where}, field {shown(name)}: given {given}, expected {expected}."
    return RequestError(400, Fault("invalid_field", message, None, clean(name), given, expected))


def _check_numbers(
    feature: Feature, values: npt.NDArray[Any], missing: str, refusals: Refusals | None
) -> None:
    right = np.abs(values) <= FLOAT32_MAX
    if right.all():
        return
    if feature.nullable:
        right |= np.isnan(values)

    def given(row: int) -> str:
        value = values[row].item()
        return missing if value != value else describe(value)

    refuse_all(np.flatnonzero(~right).tolist(), partial(_fault, feature, given, missing), refusals)


def _fault(feature: Feature, given: Callable[[int], str], missing: str, row: int) -> Fault:
    return row_fault(row, feature.name, given(row), expectation(feature).replace("null", missing))
