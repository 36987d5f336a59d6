"""Whether a column holds what it should: numbers, text or times. Pure."""

import math
from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from model.declarations import ColumnType
from model.training.problems import Problem, rows, shown

if TYPE_CHECKING:
    import pandas as pd


Show = Callable[[object], str]
"""A value as an example of what is wrong."""


def mistyped(name: str, column: "pd.Series", kind: ColumnType, show: Show = shown) -> Problem | None:
    """What is wrong with the type of a column that should hold this; None where nothing is."""
    return {"number": _number, "text": _text, "time": _time}[kind](name, column, show)


def _number(name: str, column: "pd.Series", show: Show) -> Problem | None:
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(column):
        endless = np.isinf(column.to_numpy(dtype=float, na_value=math.nan))
        if endless.any():
            what = f"{name!r} is a number, and is infinite in {rows(endless)}"
            return Problem(what, f"look for a division by 0 where {name!r} is made")
        return None
    fix = f"make numbers of it in load, by pandas.to_numeric(table[{name!r}]), or find out what changed it"
    return _others(name, "a number", column, _is_number, fix, show)


def _text(name: str, column: "pd.Series", show: Show) -> Problem | None:
    fix = f"make text of it in load, by table[{name!r}].astype(str), or find out what changed it"
    return _others(name, "a category", column, _is_text, fix, show)


def _time(name: str, column: "pd.Series", show: Show) -> Problem | None:
    from pandas.api.types import is_datetime64_any_dtype

    if is_datetime64_any_dtype(column):
        return None
    fix = f"make times of it in load, by pandas.to_datetime(table[{name!r}], utc=True)"
    return _others(name, "a time", column, lambda value: False, fix, show)


def _others(name: str, what: str, column: "pd.Series", holds: Any, fix: str, show: Show) -> Problem | None:
    """The values that are something else; missing ones are none."""
    from pandas.api.types import infer_dtype, is_object_dtype, is_string_dtype

    known = ~column.isna().to_numpy()
    kind = infer_dtype(column, skipna=True)
    if kind == "empty" or (kind == "string" and holds is _is_text):
        return None
    if is_object_dtype(column) or is_string_dtype(column):
        other = known & np.fromiter((not holds(value) for value in column), bool, len(column))
        if not other.any():
            return None
    else:
        other = known
    example = show(column[other].iloc[0])
    return Problem(f"{name!r} is {what}, and holds {column.dtype} ({example}) in {rows(other)}", fix)


def _is_number(value: object) -> bool:
    return isinstance(value, Real | Decimal)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
