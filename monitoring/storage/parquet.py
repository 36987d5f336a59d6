"""A table as the bytes of a Parquet file, and back: for objects that are read and written whole."""

import pyarrow as pa
import pyarrow.parquet as pq


def written(table: pa.Table) -> bytes:
    """A table, and its metadata, as a file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def read(body: bytes) -> pa.Table:
    """The table of a file. Raises pyarrow's ArrowException or OSError where it is none."""
    return pq.read_table(pa.BufferReader(body))
