"""What the example's model answers to flights that it has not seen, each month of 2013.

From July on it is the model that the example releases (January to June). Of January to June themselves, each
month is scored by a model of the five others.
"""

from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from model.contract import Rows
from model.service.data import of_months
from model.service.service import SERVICE
from model.training.assessment import fit

LAST = 6
"""Months up to this one train the example's model."""
SLICES = ("origin", "carrier")


def scored(build: Path, model: str = "boosting") -> pd.DataFrame:
    """All flights of the year: month, day (UTC), late, score, and what slices go by."""
    table = SERVICE.load(build).table
    training = of_months(table, 1, LAST)
    with threadpool_limits(1):
        found = [_answered(model, training, table[table["month"] > LAST])]
        for month in range(1, LAST + 1):
            others = training[training["month"] != month]
            found.append(_answered(model, others, of_months(training, month)))
    return pd.concat(found, ignore_index=True).sort_values("day", kind="stable", ignore_index=True)


def _answered(model: str, training: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    pipeline = fit(SERVICE, model, training, Rows("these rows", lambda table: table))
    score = pipeline.predict_proba(SERVICE.inputs(rows))[:, 1]
    return rows[["month", "late", *SLICES]].assign(day=rows["departure"].dt.floor("D"), score=score)
