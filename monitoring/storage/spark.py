"""Counts tables of rows on Spark, by the same expression: `python -m monitoring.storage.spark ROWS BINNINGS`.

ROWS is what Spark reads Parquet from (`s3a://bucket/monitoring/delays/rows/2026/11/30/*/*.parquet`), BINNINGS
a JSON file of them. The counts are printed as JSON, one line for each variant and release. It runs in an
environment of its own (`make spark-tools`), which has PySpark and Ibis and little else.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ibis

from monitoring import rows as columns
from monitoring.counts import Binning, Counted
from monitoring.storage import counting

Found = tuple[str, str, Mapping[str, Counted]]


def counted(session: Any, rows: str, binnings: Sequence[Binning]) -> Iterator[Found]:
    """Variant, release and counts of the rows that lie at `rows`."""
    connection = ibis.pyspark.connect(session)
    table = connection.read_parquet(rows, table_name="counted_rows")
    for row in counting.counts(table, binnings).to_pyarrow().to_pylist():
        yield row[columns.VARIANT], row[columns.RELEASE], counting.read(row, binnings)


def main(arguments: Sequence[str]) -> int:
    """The counts of the rows at the first argument, by the binnings in the second one's file."""
    from pyspark.sql import SparkSession  # ty: ignore[import-not-found] - it is in the other environment

    rows, path = arguments
    binnings = [
        Binning(one["name"], one["kind"], tuple(one["edges"]), tuple(one["categories"]))
        for one in json.loads(Path(path).read_text())
    ]
    session = SparkSession.builder.appName("slipway-monitor").getOrCreate()
    for variant, release, found in counted(session, rows, binnings):
        columns_ = {name: asdict(one) for name, one in found.items()}
        print(json.dumps({"variant": variant, "release": release, "columns": columns_}))
    session.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
