"""A small service with a reference, and streams of its days: with and without drift."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.contract import BinaryBounds, Data, Expected, Feature, Output, Rows, Service, Split
from model.training.reference.profile import profile
from monitoring.counts import SCORE, Binning, Counted, HourCounts
from monitoring.drift import reference
from monitoring.drift.reference import Reference

DAYS, A_DAY = 60, 240
RELEASE = "3f2a9c01d4e7"
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)

Change = Callable[[pd.DataFrame], pd.DataFrame]


class Parcels(Service):
    """Will a parcel be late?"""

    name = "parcels"
    kind = "binary"
    features = (
        Feature("size", "number", False, "in cm", 30.0),
        Feature("temp", "number", True, "outside, in °C", 12.0),
        Feature("depot", "category", False, "where it leaves", "north"),
    )
    label = "late"
    output = Output("late", "probability")
    models = ("logistic",)
    bounds = BinaryBounds(gain=-1, auc=0.5, log_loss=2, calibration=1)
    expected = Expected(time="at")

    def load(self, cache: Any) -> Data:
        return Data(table(), "parcels-1")

    def split(self, options: Mapping[str, str], champion: Mapping[str, Any] | None) -> Split:
        everything = Rows("all", lambda rows: rows)
        return Split(everything, everything, everything, everything)

    def build(self, model: str) -> Any:
        raise NotImplementedError


@cache
def table() -> pd.DataFrame:
    """60 days: the temperature is a day's own and rises with the season; the rest differs by row alone."""
    rng = np.random.default_rng(7)
    at = pd.date_range(BEGIN - timedelta(days=DAYS), periods=DAYS * A_DAY, freq="6min", tz="UTC")
    day = np.arange(len(at)) // A_DAY
    weather = rng.normal(0, 3, DAYS)[day] + 0.1 * day
    temp = np.round(weather + 8 + rng.normal(0, 2, len(at)), 1)
    rows = pd.DataFrame(
        {
            "at": at,
            "size": np.round(rng.gamma(4, 10, len(at)), 1),
            "temp": np.where(rng.random(len(at)) < 0.05, np.nan, temp),
            "depot": rng.choice(["north", "south", "east", "west"], len(at), p=[0.4, 0.3, 0.2, 0.1]),
        }
    )
    return rows.assign(score=score(rows), late=0)


def score(rows: pd.DataFrame) -> NDArray[np.float64]:
    """What the model answers."""
    logit = 0.02 * (rows["size"] - 40) - 0.1 * rows["temp"].fillna(8) + (rows["depot"] == "west")
    return np.asarray(1 / (1 + np.exp(-logit)))


@cache
def content() -> bytes:
    """`reference.json` of the service."""
    return profile(Parcels(), table(), score)


@cache
def its_reference() -> Reference:
    """The same, read."""
    return reference.read(content())


def days(
    count: int, seed: int, change: Change | None = None, of: int = A_DAY, found: Reference | None = None
) -> Iterator[HourCounts]:
    """Days of the reference in random order, each with `of` rows drawn from that day's; `change` is drift."""
    rng = np.random.default_rng(seed)
    rows = table()
    for number in range(count):
        chosen = rng.integers(DAYS) * A_DAY + np.sort(rng.integers(0, A_DAY, of))
        day = rows.iloc[chosen]
        served = change(day) if change else day
        hour = served["at"].dt.hour.to_numpy()
        for each in range(24):
            begin = BEGIN + timedelta(days=number, hours=each)
            yield counted(served[hour == each], begin, found or its_reference())


def counted(rows: pd.DataFrame, hour: datetime, found: Reference) -> HourCounts:
    """The rows of one hour, counted as captured records are."""
    columns = {each.name: _column(each, rows[each.name]) for each in found.binnings}
    return HourCounts("parcels", "live", RELEASE, hour, len(rows), len(rows), columns)


def _column(binning: Binning, values: pd.Series) -> Counted:
    if binning.kind == "category":
        held = values[values != ""]
        bins = tuple(int((held == each).sum()) for each in binning.categories)
        return Counted(bins, len(values) - len(held), len(held) - sum(bins))
    number = pd.to_numeric(values, errors="coerce").to_numpy("float64")
    known = number[np.isfinite(number)]
    bins = np.bincount(np.searchsorted(binning.edges, known, side="right"), minlength=binning.size)
    missing = int(values.isna().sum())
    ends = (float(known.min()), float(known.max())) if len(known) else (None, None)
    invalid = len(values) - missing - len(known)
    return Counted(tuple(bins.tolist()), missing, 0, invalid, *ends)


def biased(rows: pd.DataFrame) -> pd.DataFrame:
    """Every score is .03 too high."""
    return rows.assign(**{SCORE: rows[SCORE] + 0.03})
