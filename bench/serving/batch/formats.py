"""A frame of rows as a body in each format of the batch path, and the scores out of its answer. Pure."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from model.service.features import CATEGORIES, NAMES, NUMBERS

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Format:
    """A way to send rows; answers come in the same one. `divisor`: it gets that part of all rows.

    `most_rows` in one body: what the server takes.
    """

    name: str
    media: str
    encode: Callable[[pd.DataFrame], bytes]
    decode: Callable[[bytes], Scores]
    read: Callable[[bytes], pd.DataFrame] | None
    """How a batch job of one's own reads such a file; None where pandas has no way."""
    divisor: int = 20
    most_rows: int = 1_000_000


def _parquet(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    pq.write_table(_table(frame), target)
    return target.getvalue()


def _stream(frame: pd.DataFrame) -> bytes:
    table, target = _table(frame), io.BytesIO()
    with pa.ipc.new_stream(target, table.schema) as stream:
        stream.write_table(table)
    return target.getvalue()


def _npy(frame: pd.DataFrame) -> bytes:
    fields = [(name, f"<U{frame[name].str.len().max()}" if name in CATEGORIES else "<f4") for name in NAMES]
    array = np.empty(len(frame), fields)
    for name in NAMES:
        array[name] = frame[name].to_numpy()
    target = io.BytesIO()
    np.save(target, array, allow_pickle=False)
    return target.getvalue()


def _csv(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    # pyarrow writes null as an empty cell, and NaN as "nan"
    pa.csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), target)
    return target.getvalue()


def _json_lines(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.to_json(target, orient="records", lines=True)
    return target.getvalue()


def _table(frame: pd.DataFrame) -> Any:
    kinds = [(name, pa.string() if name in CATEGORIES else pa.float32()) for name in NAMES]
    return pa.Table.from_pandas(frame, pa.schema(kinds), preserve_index=False).replace_schema_metadata(None)


def _from_parquet(body: bytes) -> Scores:
    return _only(pq.read_table(io.BytesIO(body)))


def _from_stream(body: bytes) -> Scores:
    return _only(pa.ipc.open_stream(body).read_all())


def _from_npy(body: bytes) -> Scores:
    return np.load(io.BytesIO(body), allow_pickle=False).astype(np.float64)


def _from_lines(body: bytes) -> Scores:
    return np.array(body.split(), np.float64)


def _only(table: Any) -> Scores:
    return table.column(0).to_numpy().astype(np.float64)


def _frame(read: Callable[[Any], pd.DataFrame]) -> Callable[[bytes], pd.DataFrame]:
    return lambda body: read(io.BytesIO(body))


def _stream_frame(body: bytes) -> pd.DataFrame:
    return pa.ipc.open_stream(body).read_pandas()


def _csv_frame(body: bytes) -> pd.DataFrame:
    texts: Any = dict.fromkeys(CATEGORIES, str)
    return pd.read_csv(io.BytesIO(body), dtype=texts | dict.fromkeys(NUMBERS, "float32"))


def _lines_frame(body: bytes) -> pd.DataFrame:
    return pd.read_json(io.BytesIO(body), orient="records", lines=True)


PARQUET = Format(
    "Parquet", "application/vnd.apache.parquet", _parquet, _from_parquet, _frame(pd.read_parquet), divisor=1
)
FORMATS = (
    PARQUET,
    Format(
        "Arrow stream", "application/vnd.apache.arrow.stream", _stream, _from_stream, _stream_frame, divisor=5
    ),
    Format("NumPy", "application/x-npy", _npy, _from_npy, None, divisor=10),
    Format("CSV", "text/csv", _csv, _from_lines, _csv_frame),
    Format("JSON lines", "application/jsonlines", _json_lines, _from_lines, _lines_frame, most_rows=400_000),
)
