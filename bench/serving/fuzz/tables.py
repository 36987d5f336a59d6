"""Drafts in Parquet and Arrow: types that no feature takes, compressions, damaged bytes. Pure."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.serving.fuzz.draft import INVOCATIONS, Draft, rows_of
from bench.serving.fuzz.mangling import mangled
from model.serving.models.schema import Feature, Schema

MEDIA = {
    "parquet": "application/vnd.apache.parquet",
    "stream": "application/vnd.apache.arrow.stream",
    "file": "application/vnd.apache.arrow.file",
}
_Column = Callable[[int], Any]
_COLUMNS: tuple[_Column, ...] = (
    lambda n: pa.nulls(n),
    lambda n: pa.array([True] * n, pa.bool_()),
    lambda n: pa.array([b"\xff\x00"] * n, pa.binary()),
    lambda n: pa.array([b"ab"] * n, pa.binary(2)),
    lambda n: pa.array([Decimal("1.5")] * n, pa.decimal128(10, 2)),
    lambda n: pa.array([0] * n, pa.date32()),
    lambda n: pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * n, pa.timestamp("us", "UTC")),
    lambda n: pa.array([1] * n, pa.time64("ns")),
    lambda n: pa.array([1] * n, pa.duration("s")),
    lambda n: pa.array([[1.0, None]] * n, pa.list_(pa.float32())),
    lambda n: pa.array([{"a": 1}] * n, pa.struct([("a", pa.int8())])),
    lambda n: pa.array([[("k", 1)]] * n, pa.map_(pa.string(), pa.int64())),
    lambda n: pa.array([1.5] * n, pa.float16()),
    lambda n: pa.array([2**64 - 1] * n, pa.uint64()),
    lambda n: pa.array([float("inf"), *[float("nan")] * n][:n], pa.float64()),
    lambda n: pa.array([1e300] * n, pa.float64()),
    lambda n: pa.array(["x" * 50_000] * min(n, 4) + [None] * (n - min(n, 4)), pa.string()),
    lambda n: pa.array(["a", *[None] * n][:n], pa.string()).dictionary_encode(),
    lambda n: pa.array([None] * n, pa.dictionary(pa.int32(), pa.string())),
    lambda n: pa.array([1, *[2] * n][:n], pa.int32()).dictionary_encode(),
)
_COMPRESSIONS = ("none", "snappy", "gzip", "zstd", "brotli", "lz4")


def table_draft(chance: Random, schema: Schema, media: str) -> Draft:
    """A table in one of MEDIA, right or not."""
    rows = rows_of(chance, schema)
    right = chance.random() < 0.2
    table = _table(chance, schema, rows, right)
    try:
        content = _written(chance, table, media)
    except (pa.ArrowException, TypeError):
        content = b"PAR1" if media == "parquet" else b"ARROW1"  # a type that this format does not have
    if not right and chance.random() < 0.6:
        content = mangled(chance, content)
    name = media if right or chance.random() < 0.9 else chance.choice(list(MEDIA))
    return Draft(INVOCATIONS, content, {"Content-Type": MEDIA[name]}, len(rows) if right else None)


def _table(chance: Random, schema: Schema, rows: list[dict[str, Any]], right: bool) -> pa.Table:
    names, columns = [], []
    for feature in schema.features:
        names.append(feature.name)
        if right or chance.random() < 0.9:
            columns.append(_column(chance, feature, [row[feature.name] for row in rows]))
        else:
            columns.append(chance.choice(_COLUMNS)(len(rows)))
    if not right:
        match chance.randrange(6):
            case 0:
                names[0] = chance.choice((names[-1], "", "other", "x" * 70_000, "\x00"))
            case 1:
                del names[-1], columns[-1]
            case 2:
                more = chance.choice((1, 3, 40))
                names += [f"more{index}" for index in range(more)]
                columns += [chance.choice(_COLUMNS)(len(rows)) for _ in range(more)]
    return pa.Table.from_arrays(columns, names)


def _column(chance: Random, feature: Feature, values: list[Any]) -> Any:
    if feature.kind == "category":
        kind = chance.choice((pa.string(), pa.large_string(), pa.string_view()))
        array = pa.array(values, kind)
        return array.dictionary_encode() if kind == pa.string() and chance.random() < 0.3 else array
    numbers = [None if value is None else float(value) for value in values]
    return pa.array(numbers, chance.choice((pa.float32(), pa.float64(), pa.float64())))


def _written(chance: Random, table: pa.Table, media: str) -> bytes:
    target = io.BytesIO()
    if media == "parquet":
        pq.write_table(
            table,
            target,
            compression=chance.choice(_COMPRESSIONS),
            row_group_size=chance.choice((None, 1, 7)) if len(table) < 100 else None,
            use_dictionary=chance.random() < 0.5,
            data_page_version=chance.choice(("1.0", "2.0")),
            version=chance.choice(("1.0", "2.6")),
        )
        return target.getvalue()
    options = pa.ipc.IpcWriteOptions(compression=chance.choice((None, None, "lz4", "zstd")))
    make = pa.ipc.new_stream if media == "stream" else pa.ipc.new_file
    with make(target, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=chance.choice((None, 3)) if len(table) < 100 else None)
    return target.getvalue()
