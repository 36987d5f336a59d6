"""Rows of exchanges into Parquet, a batch at a time: what one release answered under one variant's name.

Numbers are those that the model reads (32 bits); null is a missing value. `invalid` names the features of a
row whose value was none of the feature's kind: such a value is null, too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.serving.models.columns import Columns, Table, merged
from model.serving.models.schema import Schema
from monitoring import rows as columns
from monitoring.storage.bodies import Rows
from monitoring.storage.counting import INVALID
from monitoring.storage.engine import Features
from monitoring.storage.lines import Exchange
from monitoring.storage.scores import Scores

BATCH = 32_768
"""Rows that wait in memory, at least, before they are written."""
_OWN = {
    columns.EVENT: pa.string(),
    columns.INFERENCE: pa.string(),
    columns.ROW: pa.int32(),
    columns.AT: pa.timestamp("ms", "UTC"),
    columns.VARIANT: pa.string(),
    columns.RELEASE: pa.string(),
    columns.SCORE: pa.float64(),
    INVALID: pa.list_(pa.string()),
}
_TYPES = {"number": pa.float32(), "category": pa.string()}


def features_of(schema: Schema | None) -> Features:
    """The features of a table: what is sensitive is not in it, hashed or not."""
    kept = [feature for feature in schema.features if not feature.sensitive] if schema else []
    return tuple((feature.name, feature.kind) for feature in kept)


class RowsFile:
    """One Parquet file while it is written."""

    def __init__(self, path: Path, schema: Schema | None, variant: str, release: str) -> None:
        """`schema` is that of the release's records (`bodies.as_kept`); None where they hold no requests."""
        self.path = path
        self.variant, self.release = variant, release
        self.rows = self.requests = 0
        self.features = features_of(schema)
        self._read = schema
        kept = [(name, _TYPES[kind]) for name, kind in self.features]
        self._schema = pa.schema([*_OWN.items(), *kept])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd", compression_level=1)
        self._exchanges: list[tuple[str, str | None, int]] = []
        self._tables: list[Table] = []
        self._counts: list[int] = []
        self._scores: list[float | None] = []
        self._invalid: dict[int, Sequence[str]] = {}
        self._waiting = 0

    def add(self, exchange: Exchange, found: Rows | None, scores: Scores) -> None:
        """Add the rows of one exchange, of which there are as many as scores."""
        if found is not None:
            self._tables.append(found.table)
            for row, names in found.invalid.items():
                self._invalid[self._waiting + row] = names
        moment = int(exchange.at.timestamp() * 1000)
        self._exchanges.append((exchange.event, exchange.inference, moment))
        self._counts.append(len(scores))
        self._scores += scores
        self._waiting += len(scores)
        if self._waiting >= BATCH:
            self._write()

    def close(self) -> None:
        """Write what waits, and end the file."""
        if self._waiting:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        count, counts = self._waiting, np.array(self._counts)
        self.rows += count
        self.requests += len(counts)
        whose = pa.array(np.repeat(np.arange(len(counts)), counts))
        first = np.repeat(np.cumsum(counts) - counts, counts)
        events, inferences, moments = zip(*self._exchanges, strict=True)
        own: list[Any] = [
            pa.array(events, pa.string()).take(whose),
            pa.array(inferences, pa.string()).take(whose),
            pa.array((np.arange(count) - first).astype(np.int32)),
            pa.array(moments, pa.timestamp("ms", "UTC")).take(whose),
            pa.repeat(self.variant, count),
            pa.repeat(self.release, count),
            pa.array(self._scores, pa.float64()),
            self._wrong(count),
        ]
        self._writer.write_batch(pa.record_batch([*own, *self._values()], schema=self._schema))
        self._exchanges, self._tables, self._counts, self._scores = [], [], [], []
        self._invalid, self._waiting = {}, 0

    def _wrong(self, count: int) -> Any:
        if not self._invalid:
            return pa.nulls(count, _OWN[INVALID])
        return pa.array([self._invalid.get(row) for row in range(count)], _OWN[INVALID])

    def _values(self) -> list[Any]:
        """The features' columns, in the schema's order."""
        if self._read is None:
            return []
        table: Columns = merged(self._tables)
        numbers, texts = iter(table.numbers), iter(table.categories)
        found = [
            (feature, next(numbers) if feature.kind == "number" else next(texts))
            for feature in self._read.features
        ]
        return [
            _numbers(values) if feature.kind == "number" else _texts(values)
            for feature, values in found
            if not feature.sensitive
        ]


def _numbers(values: Any) -> Any:
    return pa.array(values, pa.float32(), from_pandas=True)


def _texts(values: Any) -> Any:
    return pa.array(values, pa.string(), mask=values == "")
