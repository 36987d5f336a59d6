"""Captured records into hours of rows and counts, in the flights' own time.

A captured record carries the sandbox's now. Its inference id is its flights' hour: the rows go there.
"""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.monitoring.replay.flights import hour_of
from monitoring import rows as columns
from monitoring.counts import Binning, Counted, HourCounts
from monitoring.storage.lines import exchange


@dataclass(frozen=True)
class Answered:
    """One captured request with its answer."""

    hour: datetime
    rows: pd.DataFrame
    """The features as they were captured."""
    scores: np.ndarray


def read(lines: Iterable[bytes]) -> Iterator[Answered]:
    """The replayed requests among captured lines; others (golden requests) are passed over."""
    for line in lines:
        found = exchange(line)
        hour = hour_of(found.inference or "")
        if hour is not None:
            assert found.request is not None
            scores = np.array(json.loads(found.answer)["predictions"], dtype=np.float64)
            yield Answered(hour, pd.DataFrame(json.loads(found.request)["instances"]), scores)


def table(answered: Answered, release: str) -> bytes:
    """Its rows as monitoring keeps them (`monitoring.rows`)."""
    count, name = len(answered.rows), f"{answered.hour:%Y-%m-%dT%H}"
    own = {
        columns.EVENT: [name] * count,
        columns.INFERENCE: [name] * count,
        columns.ROW: list(range(count)),
        columns.AT: pa.array([answered.hour] * count, pa.timestamp("ms", "UTC")),
        columns.VARIANT: ["live"] * count,
        columns.RELEASE: [release] * count,
        columns.SCORE: answered.scores,
    }
    features = {name: answered.rows[name].tolist() for name in answered.rows}
    sink = io.BytesIO()
    pq.write_table(pa.table({**own, **features}), sink)
    return sink.getvalue()


def counts(answered: Answered, endpoint: str, release: str, binnings: Iterable[Binning]) -> HourCounts:
    """Its rows as counts, for drift."""
    rows = answered.rows.assign(score=answered.scores)
    found = {binning.name: _column(binning, rows[binning.name]) for binning in binnings}
    return HourCounts(endpoint, "live", release, answered.hour, len(rows), 1, found)


def _column(binning: Binning, values: pd.Series) -> Counted:
    if binning.kind == "category":
        held = values[values.notna() & (values != "")]
        bins = tuple(int((held == each).sum()) for each in binning.categories)
        return Counted(bins, len(values) - len(held), len(held) - sum(bins))
    number = pd.to_numeric(values).to_numpy("float32").astype("float64")
    known = number[np.isfinite(number)]
    bins = np.bincount(np.searchsorted(binning.edges, known, side="right"), minlength=binning.size)
    ends = (float(known.min()), float(known.max())) if len(known) else (None, None)
    return Counted(tuple(bins.tolist()), len(values) - len(known), 0, 0, *ends)
