"""The tables of captured rows as columns for quality: inference ids, scores, and a few features."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from monitoring import rows as columns
from monitoring.quality.joining import Answered
from monitoring.storage.shelf import Shelf
from release.adapters import objects

_OWN = (columns.INFERENCE, columns.ROW, columns.AT, columns.SCORE, columns.RELEASE)


class AnsweredTables:
    """The rows that an endpoint's hour records name: `monitoring.quality.ports.AnsweredRows`."""

    def __init__(self, s3: Any, bucket: str, endpoint: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._shelf = Shelf(s3, bucket, endpoint)

    def final(self) -> datetime | None:
        """The hour before which all are read: monitoring's watermark."""
        return self._shelf.watermark()

    def hours(self) -> dict[datetime, str]:
        """The hours that were read, each with its record's ETag."""
        return self._shelf.versions()

    def read(self, hour: datetime, slices: Sequence[str]) -> Answered:
        """The rows of an hour, with these features; one that they do not have is left out.

        Rows go sooner than the record of their hour (`capture_days`): then what is left is not whole.
        """
        record = self._shelf.record(hour)
        found = [self._table(table.key, slices) for table in record.tables] if record else []
        there = [table for table in found if table is not None]
        whole = record is not None and len(there) == len(found)
        table = pa.concat_tables(there, promote_options="default") if there else None
        return replace(answered(table, slices), whole=whole)

    def _table(self, key: str, slices: Sequence[str]) -> pa.Table | None:
        body = objects.read(self._s3, self._bucket, key)
        if body is None:
            return None
        file = pq.ParquetFile(pa.BufferReader(body[0]))
        there = set(file.schema_arrow.names)
        return file.read([*_OWN, *(name for name in slices if name in there)])


def answered(table: pa.Table | None, slices: Sequence[str]) -> Answered:
    """The columns of a table of rows."""
    if table is None:
        return Answered((), (), (), np.empty(0), ())
    score = table.column(columns.SCORE).to_numpy(zero_copy_only=False).astype(np.float64)
    return Answered(
        inference=table.column(columns.INFERENCE).to_pylist(),
        row=table.column(columns.ROW).to_pylist(),
        at=table.column(columns.AT).to_pylist(),
        score=score,
        release=table.column(columns.RELEASE).to_pylist(),
        slices={name: table.column(name).to_pylist() for name in slices if name in table.column_names},
    )
