"""The rows of an endpoint's answers, of the hours that were read: what quality and replays ask for.

They come as Arrow batches, one file at a time, so that memory does not grow with what is asked for. Columns
are those of `monitoring/rows.py` and the features; one that a file's release does not have is left out. Files
go sooner than the records that name them (`capture_days`): rows that are gone are not there.
"""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from monitoring.storage.shelf import Shelf
from release.adapters import objects

BATCH = 65_536
CHUNK = 1 << 20


class RowTables:
    """The tables of one endpoint, in the stage's bucket."""

    def __init__(self, s3: Any, bucket: str, endpoint: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._shelf = Shelf(s3, bucket, endpoint)

    def rows(
        self, start: datetime, until: datetime, names: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows of the hours from `start` to before `until` that were read; all columns, or those."""
        for hour in self._shelf.done(start, until):
            record = self._shelf.record(hour)
            for table in record.tables if record else ():
                yield from self._file(table.key, names)

    def _file(self, key: str, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        chunks = objects.chunks(self._s3, self._bucket, key, CHUNK)
        if chunks is None:
            return  # it went before the record of its hour did
        with tempfile.TemporaryDirectory(prefix="slipway-rows-") as folder:
            path = Path(folder) / "rows.parquet"
            with path.open("wb") as file:
                file.writelines(chunks)
            opened = pq.ParquetFile(path)
            there = set(opened.schema_arrow.names)
            wanted = None if names is None else [name for name in names if name in there]
            yield from opened.iter_batches(BATCH, columns=wanted)
