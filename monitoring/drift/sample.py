"""The reference of a release that was made before there were references by day: its `reference.csv`. Pure.

A sample says what rows look like, and nothing of how days differ. What is decided from it is weaker, and
`decide` says so.
"""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from monitoring.counts import SCORE, Binning
from monitoring.drift.reference import LARGEST, Facts, Reference, unusable

MOST_ROWS = 100_000
MOST_CATEGORIES = 200
QUANTILES = tuple(tenth / 10 for tenth in range(1, 10))
ROOM = 0.25
"""The outermost edges lie so far beyond what was seen, in parts of its span."""


def of_sample(table: bytes, schema: bytes) -> Reference:
    """The reference in `reference.csv`, with the features of `schema.json`. Raises UnusableReference."""
    if len(table) > LARGEST:
        raise unusable(f"its sample has {len(table) >> 20} MB, and at most {LARGEST >> 20} are read")
    try:
        declared = json.loads(schema)["features"]
        hidden = {str(each["name"]): str(each["sensitive"]) for each in declared if each.get("sensitive")}
        features = [(str(each["name"]), str(each["kind"])) for each in declared if each["name"] not in hidden]
        rows = list(islice(csv.DictReader(io.StringIO(table.decode())), MOST_ROWS))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, csv.Error) as error:
        raise unusable(f"its sample or its schema cannot be read ({error})") from error
    held = [(name, kind) for name, kind in [*features, (SCORE, "number")] if rows and name in rows[0]]
    if not held or held[-1][0] != SCORE:
        raise unusable(f"its sample has no rows, or no column {SCORE}")
    counted = [_column(name, kind, [row[name] or "" for row in rows]) for name, kind in held]
    return Reference(
        binnings=tuple(binning for binning, _ in counted),
        blocks="sample",
        counts={binning.name: cells[None, :] for binning, cells in counted},
        facts={binning.name: Facts() for binning, _ in counted},
        given=None,
        unwatched=hidden,
        digest=hashlib.sha256(table + schema).hexdigest()[:16],
    )


def _column(name: str, kind: str, texts: Sequence[str]) -> tuple[Binning, NDArray[np.int64]]:
    return _category(name, texts) if kind == "category" else _number(name, texts)


def _number(name: str, texts: Sequence[str]) -> tuple[Binning, NDArray[np.int64]]:
    try:
        values = np.array([float(text or "nan") for text in texts])
    except ValueError as error:
        raise unusable(f"{name} of its sample is no number ({error})") from error
    values = values[np.isfinite(values)]
    edges: list[float] = []
    if len(values):
        low, high = float(values.min()), float(values.max())
        room = ROOM * ((high - low) or max(1.0, abs(low)))
        inner = np.quantile(values, QUANTILES, method="inverted_cdf")
        ends = [low - room, *sorted({float(edge) for edge in inner if edge > low}), high + room]
        edges = [edge for edge in ends if np.isfinite(edge)]
    places = np.searchsorted(np.array(edges), values, side="right")
    cells = np.bincount(places, minlength=len(edges) + 2)
    cells[-1] = len(texts) - len(values)
    return Binning(name, "number", tuple(edges)), cells


def _category(name: str, texts: Sequence[str]) -> tuple[Binning, NDArray[np.int64]]:
    values, counts = np.unique([text for text in texts if text], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    kept = order[:MOST_CATEGORIES]
    there, others = counts[kept], int(counts[order[MOST_CATEGORIES:]].sum())
    cells = np.array([*there, len(texts) - int(counts.sum()), others], dtype=np.int64)
    return Binning(name, "category", categories=tuple(str(values[place]) for place in kept)), cells
