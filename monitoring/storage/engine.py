"""DuckDB in this process, as what counts a file of rows in little memory. Its SQL is Ibis's."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import duckdb
import ibis

from model.serving.models.schema import Schema
from monitoring.counts import Binning, Counted
from monitoring.storage import counting

MEMORY = "512MB"
_VIEW = "counted_rows"


class FileCounter:
    """Counts files of rows of one release."""

    def __init__(self, schema: Schema | None, binnings: tuple[Binning, ...]) -> None:
        self._sql = _sql(schema, binnings)
        self._binnings = binnings

    def counted(self, path: Path) -> Mapping[str, Counted]:
        """The counts of one variant's rows by column."""
        found = _connection()
        found.read_parquet(str(path)).create_view(_VIEW, replace=True)
        answer = found.execute(self._sql)
        names = [column[0] for column in answer.description]
        [row] = answer.fetchall()
        return counting.read(dict(zip(names, row, strict=True)), self._binnings)


@lru_cache(maxsize=32)
def _sql(schema: Schema | None, binnings: tuple[Binning, ...]) -> str:
    features = {feature.name: feature.kind for feature in schema.features} if schema else {}
    return str(ibis.to_sql(counting.counts(counting.table(features, _VIEW), binnings), dialect="duckdb"))


@lru_cache(maxsize=1)
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"memory_limit": MEMORY})
