"""What is done to real rows so that they have drifted: all of it from the stream's beginning on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Change = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Injected:
    """One change."""

    name: str
    column: str
    """That is changed."""
    change: Change


def _nulls(column: str) -> Change:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        kept = np.random.default_rng(1).random(len(rows)) >= 0.05
        return rows.assign(**{column: rows[column].where(kept)})

    return change


def _with(column: str, change: Callable[[pd.Series], pd.Series]) -> Change:
    return lambda rows: rows.assign(**{column: change(rows[column])})


INJECTED: tuple[Injected, ...] = (
    Injected(
        "a category lost: no flight of AA, 10 % of all",
        "carrier",
        lambda rows: rows[rows["carrier"] != "AA"],
    ),
    Injected(
        "a category lost: no flight from LGA, 31 % of all",
        "origin",
        lambda rows: rows[rows["origin"] != "LGA"],
    ),
    Injected("a unit changed: pressure in inHg", "pressure", _with("pressure", lambda v: v * 0.02953)),
    Injected("a unit changed: departure in hours", "dep_minute", _with("dep_minute", lambda v: v / 60)),
    Injected("a unit changed: distance in km", "distance", _with("distance", lambda v: v * 1.609)),
    Injected("a unit changed: temperature in °C", "temp", _with("temp", lambda v: (v - 32) / 1.8)),
    Injected("a feature frozen: temperature 55 °F", "temp", _with("temp", lambda v: v * 0 + 55.0)),
    Injected(
        "a feature frozen: distance 1,000 miles", "distance", _with("distance", lambda v: v * 0 + 1000.0)
    ),
    Injected("5 % nulls: distance, which never has any", "distance", _nulls("distance")),
    Injected("5 % nulls: temperature, .1 % usual", "temp", _nulls("temp")),
    Injected("a shift: departures 30 minutes later", "dep_minute", _with("dep_minute", lambda v: v + 30)),
    Injected("a shift: temperature +20 °F", "temp", _with("temp", lambda v: v + 20)),
    Injected("a bias of the scores: +.03", "score", _with("score", lambda v: v + 0.03)),
    Injected("a bias of the scores: -.03", "score", _with("score", lambda v: v - 0.03)),
)
