"""Small made-up flights, shaped like the real joined table, for tests that decide from values."""

import numpy as np
import pandas as pd

from model.service.features import FEATURES


def flights(count: int = 600, seed: int = 0) -> pd.DataFrame:
    """`count` flights in order of their month (1 to 12) whose lateness depends on departure and carrier."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"month": np.sort(random.integers(1, 13, count))})
    days = "2013-" + table["month"].astype(str) + "-01"
    table["departure"] = pd.to_datetime(days, format="%Y-%m-%d", utc=True)
    table["flight"] = np.arange(count) % 9999 + 1
    table["carrier"] = random.choice(["UA", "B6", "9E"], count)
    table["origin"] = random.choice(["EWR", "JFK", "LGA"], count)
    table["dest"] = random.choice(["ATL", "ORD", "BOS", "IAH"], count)
    numbers = {
        "weekday": random.integers(0, 7, count),
        "dep_minute": random.integers(300, 1440, count),
        "arr_minute": random.integers(0, 1440, count),
        "distance": random.integers(80, 2500, count),
        "temp": random.uniform(10, 100, count),
        "dewp": random.uniform(0, 70, count),
        "humid": random.uniform(20, 100, count),
        "wind_dir": random.integers(0, 36, count) * 10,
        "wind_speed": random.uniform(0, 40, count),
        "wind_gust": random.uniform(16, 60, count),
        "precip": random.uniform(0, 1, count),
        "pressure": random.uniform(990, 1040, count),
        "visib": random.uniform(0, 10, count),
        "plane_age": random.integers(0, 30, count),
        "seats": random.integers(20, 300, count),
    }
    for feature in FEATURES:
        if feature.kind == "number":
            values = np.asarray(numbers[feature.name], dtype=float)
            hidden = random.random(count) < (0.03 if feature.nullable else 0)
            table[feature.name] = np.where(hidden, np.nan, values)
    chance = 0.1 + 0.5 * (table["dep_minute"] > 900) + 0.2 * (table["carrier"] == "B6")
    table["late"] = (random.random(count) < chance).astype("int64")
    return table[["month", "departure", "flight", "late", *(feature.name for feature in FEATURES)]]
