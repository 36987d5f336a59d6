"""DuckDB in this process, as what counts a file of rows: one thread's work, in little memory."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import ibis

from monitoring.counts import Binning, Counted
from monitoring.storage import counting

MEMORY = "512MB"


def counted(path: Path, binnings: Sequence[Binning]) -> Mapping[str, Counted]:
    """The counts of a file of one variant's and release's rows, by column."""
    rows = _connection().read_parquet(path)
    [found] = counting.counts(rows, binnings).to_pyarrow().to_pylist()
    return counting.read(found, binnings)


@cache
def _connection() -> Any:
    return ibis.duckdb.connect(memory_limit=MEMORY)
