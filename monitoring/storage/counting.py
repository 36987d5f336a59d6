"""Tables of rows into counts: one Ibis expression, the same on DuckDB, on Spark and for Athena.

One aggregate for each edge and category, in one pass over the rows. It imports nothing but Ibis and the
values, so that an environment with another engine can load it.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from struct import pack, unpack
from typing import Any

import ibis
import ibis.expr.types as ir

from monitoring import rows as columns
from monitoring.counts import Binning, Counted

INVALID = "invalid"
"""Beside the columns of `monitoring/rows.py`: names of a row's features whose values are wrong, or null."""
ROWS, REQUESTS = "rows", "requests"


def table(features: Mapping[str, str], name: str) -> ir.Table:
    """A table of rows that is not there yet, for SQL: features by name with their kind, and its name."""
    own = {
        columns.EVENT: "string",
        columns.INFERENCE: "string",
        columns.ROW: "int32",
        columns.AT: "timestamp",
        columns.VARIANT: "string",
        columns.RELEASE: "string",
        columns.SCORE: "float64",
        INVALID: "array<string>",
    }
    types = {"number": "float32", "category": "string"}
    return ibis.table(own | {name: types[kind] for name, kind in features.items()}, name=name)


def counts(rows: ir.Table, binnings: Sequence[Binning]) -> ir.Table:
    """One row of counts for each variant and release in `rows`; `read` takes them apart.

    A binning whose column the table does not have is passed over.
    """
    there = [(place, one) for place, one in enumerate(binnings) if one.name in rows.columns]
    aggregates: dict[str, Any] = {
        ROWS: rows.count(),
        REQUESTS: (rows[columns.ROW] == 0).sum(),
    }
    for place, binning in there:
        aggregates |= {f"{key}_{place}": value for key, value in _column(rows, binning)}
    return rows.group_by([columns.VARIANT, columns.RELEASE]).aggregate(**aggregates)


def read(row: Mapping[str, Any], binnings: Sequence[Binning]) -> dict[str, Counted]:
    """The counts of one variant and release in a row of the result of `counts`, by column."""
    whole = int(row[ROWS])
    found = {}
    for place, binning in enumerate(binnings):
        if f"null_{place}" not in row:
            continue
        # What is invalid is null, too.
        null, invalid = (int(row.get(f"{key}_{place}") or 0) for key in ("null", "invalid"))
        missing, valid = null - invalid, whole - null
        if binning.kind == "category":
            bins = tuple(int(row[f"bin{bin_}_{place}"] or 0) for bin_ in range(binning.size))
            found[binning.name] = Counted(bins, missing, valid - sum(bins), invalid)
            continue
        above = [valid, *(int(row[f"from{bin_}_{place}"] or 0) for bin_ in range(len(binning.edges))), 0]
        bins = tuple(one - other for one, other in itertools.pairwise(above))
        low, high = row[f"low_{place}"], row[f"high_{place}"]
        found[binning.name] = Counted(bins, missing, 0, invalid, *(_number(each) for each in (low, high)))
    return found


def added(one: Counted, other: Counted) -> Counted:
    """The counts of both, by one binning."""
    lows = [low for low in (one.low, other.low) if low is not None]
    highs = [high for high in (one.high, other.high) if high is not None]
    return Counted(
        tuple(map(sum, zip(one.bins, other.bins, strict=True))),
        one.missing + other.missing,
        one.unseen + other.unseen,
        one.invalid + other.invalid,
        min(lows, default=None),
        max(highs, default=None),
    )


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _column(rows: ir.Table, binning: Binning) -> Iterable[tuple[str, Any]]:
    """The aggregates of one column by their names: at an edge, the rows that are not below it."""
    value: Any = rows[binning.name]
    feature = binning.name != columns.SCORE
    yield "null", value.isnull().sum()
    if feature:
        yield "invalid", rows[INVALID].contains(binning.name).sum()
    if binning.kind == "category":
        for bin_, category in enumerate(binning.categories):
            yield f"bin{bin_}", (value == category).sum()
        return
    number = value.cast("float64")
    yield "low", number.min()
    yield "high", number.max()
    for bin_, edge in enumerate(binning.edges):
        yield f"from{bin_}", (number >= (as_float32(edge) if feature else edge)).sum()


def as_float32(number: float) -> float:
    """The number that a model reads where it is asked with this one: of both sides of an edge the same."""
    try:
        return unpack("f", pack("f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)
