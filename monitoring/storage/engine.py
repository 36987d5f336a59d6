"""DuckDB in this process, as what counts a file of rows in little memory. Its SQL is Ibis's."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import duckdb
import ibis

from monitoring.counts import Binning, Counted
from monitoring.storage import counting

MEMORY = "512MB"
_VIEW = "counted_rows"
Features = tuple[tuple[str, str], ...]
"""Names and kinds."""


def counted(path: Path, features: Features, binnings: tuple[Binning, ...]) -> Mapping[str, Counted]:
    """The counts of a file of one variant's and release's rows, which has these features, by column."""
    found = _connection()
    found.read_parquet(str(path)).create_view(_VIEW, replace=True)
    answer = found.execute(_sql(features, binnings))
    names = [column[0] for column in answer.description]
    [row] = answer.fetchall()
    return counting.read(dict(zip(names, row, strict=True)), binnings)


@lru_cache(maxsize=32)
def _sql(features: Features, binnings: tuple[Binning, ...]) -> str:
    return str(
        ibis.to_sql(counting.counts(counting.table(dict(features), _VIEW), binnings), dialect="duckdb")
    )


@lru_cache(maxsize=1)
def _connection() -> duckdb.DuckDBPyConnection:
    # Each file is read once: what DuckDB would keep of it for the next time is memory for nothing.
    return duckdb.connect(config={"memory_limit": MEMORY, "enable_external_file_cache": False})
