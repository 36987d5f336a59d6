"""Rows by the million out of the model's reference rows: drawn at random, every number moved a little. Pure.

Real rows repeat little, and formats with dictionaries would make too much of it. What is missing stays so.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model.artifact import REFERENCE
from model.service.features import CATEGORIES, NAMES, NUMBERS

SPREAD = 0.02
"""Standard deviation of a move, relative to the feature's own."""


def reference(artifact: Path) -> pd.DataFrame:
    """The features of the reference rows in an unpacked artifact: texts, and float32 with NaN."""
    texts: Any = dict.fromkeys(CATEGORIES, str)
    missing = {name: [""] for name in NUMBERS}
    frame = pd.read_csv(artifact / REFERENCE, dtype=texts, keep_default_na=False, na_values=missing)
    frame = frame[list(NAMES)]
    return frame.astype(dict.fromkeys(NUMBERS, "float32"))


def block(rows: pd.DataFrame, number: int, size: int) -> pd.DataFrame:
    """`size` rows; each number gives others, and the same ones each time."""
    chance = np.random.default_rng(number)
    drawn = rows.iloc[chance.integers(0, len(rows), size)].reset_index(drop=True)
    moved = {
        name: drawn[name]
        + (chance.standard_normal(size, np.float32) * np.float32(SPREAD * rows[name].std())).astype(
            np.float32
        )
        for name in NUMBERS
    }
    return drawn.assign(**moved)
