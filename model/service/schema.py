"""What the joined table must look like (pandera). Checked on batches only: one row costs 10 ms.

The bounds are physical ones, with room beyond what 2013 held: they catch a unit that changed, a column
that moved or a join that went wrong, not an unusual day.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from model.errors import DataError


def _number(low: float, high: float, nullable: bool = False, known: float = 0.0) -> pa.Column:
    """A column within [low, high], of which at least the share `known` is not missing."""
    checks = [pa.Check.in_range(low, high)]
    if nullable:
        enough = pa.Check(
            lambda column, share=known: column.notna().mean() >= share,
            ignore_na=False,
            error=f"at least {known:.0%} of the values are known",
        )
        checks.append(enough)
    return pa.Column(float, checks, nullable=nullable, coerce=True)


def _code(pattern: str) -> pa.Column:
    return pa.Column(str, pa.Check.str_matches(pattern))


JOINED = pa.DataFrameSchema(
    {
        "month": pa.Column(int, pa.Check.in_range(1, 12)),
        "departure": pa.Column(pd.DatetimeTZDtype("us", "UTC"), coerce=True),
        "flight": pa.Column(int, pa.Check.in_range(1, 9999)),
        "late": pa.Column(int, pa.Check.isin([0, 1])),
        "carrier": _code(r"^[A-Z0-9]{2}$"),
        "origin": pa.Column(str, pa.Check.isin(["EWR", "JFK", "LGA"])),
        "dest": _code(r"^[A-Z]{3}$"),
        "weekday": _number(0, 6),
        "dep_minute": _number(0, 1440),
        "arr_minute": _number(0, 1440),
        "distance": _number(10, 6000),
        "temp": _number(-40, 130, nullable=True, known=0.95),
        "dewp": _number(-50, 100, nullable=True, known=0.95),
        "humid": _number(0, 100, nullable=True, known=0.95),
        "wind_dir": _number(0, 360, nullable=True, known=0.9),
        "wind_speed": _number(0, 150, nullable=True, known=0.95),
        "wind_gust": _number(0, 200, nullable=True),
        "precip": _number(0, 10, nullable=True, known=0.95),
        "pressure": _number(900, 1100, nullable=True, known=0.8),
        "visib": _number(0, 100, nullable=True, known=0.95),
        "plane_age": _number(0, 100, nullable=True, known=0.7),
        "seats": _number(1, 600, nullable=True, known=0.7),
    },
    strict=True,
    name="joined flights",
)


def validated(table: pd.DataFrame) -> pd.DataFrame:
    """`table` with every number as float64, or DataError that names the first wrong columns and values."""
    try:
        return JOINED.validate(table, lazy=True)
    except SchemaErrors as error:
        problems = [
            f"{case.column or 'table'}: {case.check}" + _example(case.failure_case)
            for case in error.failure_cases.drop_duplicates(["column", "check"]).itertuples()
        ]
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise DataError(
            f"The flights data is not as expected: {'; '.join(problems[:3])}{more}.",
            "Nothing was trained, because a model learned from it could not be trusted.",
            "Look at what changed in the data; a change that is meant goes into model/service/schema.py.",
        ) from error


def _example(value: object) -> str:
    """The value that failed, in brackets; nothing for a check of a whole column, which answers False."""
    return "" if value is False or str(value) == "False" else f" ({value})"
