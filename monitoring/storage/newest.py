"""The newest rows that a release answered as the live one, as CSV: what a person looks at on a page."""

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from monitoring import rows as columns
from monitoring.storage.rows import RowTables
from release.domain import names

MOST = 20_000
"""Rows: more of them change no picture."""
DAYS = 28
"""So far back they are looked for."""


def answered(tables: RowTables, release: str, until: datetime) -> tuple[int, bytes]:
    """How many there are, of no more than the newest `MOST`, and their features and score as CSV."""
    found: list[pa.Table] = []
    count = 0
    for day in range(DAYS):
        end = until - timedelta(days=day)
        of_day = [_of(batch, release) for batch in tables.rows(end - timedelta(days=1), end)]
        found[:0] = of_day
        count += sum(map(len, of_day))
        if count >= MOST:
            break
    if not count:
        return 0, b""
    whole = pa.concat_tables(found, promote_options="permissive")
    newest = whole.slice(max(0, count - MOST))
    sink = pa.BufferOutputStream()
    csv.write_csv(newest, sink)
    return len(newest), sink.getvalue().to_pybytes()


def _of(batch: pa.RecordBatch, release: str) -> pa.Table:
    table = pa.Table.from_batches([batch])
    wanted = (pc.field(columns.RELEASE) == release) & (pc.field(columns.VARIANT) == names.LIVE)
    aside = {*columns.OWN} - {columns.SCORE}
    shown = [one.name for one in table.schema if one.name not in aside and not pa.types.is_nested(one.type)]
    return table.filter(wanted).select(shown)
