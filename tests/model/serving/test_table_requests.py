"""Parquet and Arrow bodies, written by pyarrow and pandas, which share no code with what reads them here."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.serving.answers import Answer
from model.serving.predictor import Model
from tests.model.serving.asking import ask, error, scores
from tests.model.serving.examples import OTHER, ROW, UNSEEN, expected

PARQUET = "application/vnd.apache.parquet"
STREAM = "application/vnd.apache.arrow.stream"
FILE = "application/vnd.apache.arrow.file"
ROWS = [ROW, OTHER, UNSEEN]
KNOWN = pytest.approx([expected(row) for row in ROWS], abs=1e-6)


def parquet(table: pa.Table, **options: Any) -> bytes:
    """A table as a Parquet file."""
    body = io.BytesIO()
    pq.write_table(table, body, **options)
    return body.getvalue()


def arrow(table: pa.Table, make: Any = pa.ipc.new_stream, batch: int = 2, **options: Any) -> bytes:
    """A table as an Arrow stream or file, `batch` rows in each batch."""
    body = io.BytesIO()
    with make(body, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=batch)
    return body.getvalue()


def arrow_file(table: pa.Table, **options: Any) -> bytes:
    """A table as an Arrow file."""
    return arrow(table, pa.ipc.new_file, **options)


WRITERS: dict[str, Callable[[pa.Table], bytes]] = {PARQUET: parquet, STREAM: arrow, FILE: arrow_file}
TABLE = pa.Table.from_pylist([row | {"weight": row["weight"], "size": float(row["size"])} for row in ROWS])


def _ask(model: Model, body: bytes, media: str, **headers: str) -> Answer:
    return ask(model, body, content_type=media, **({"accept": "application/json"} | headers))


@pytest.mark.parametrize("media", WRITERS)
def test_scores_come_back_as_they_were_asked(toys: Model, media: str) -> None:
    answer = _ask(toys, WRITERS[media](TABLE), media, accept="")
    assert (answer.status, answer.media) == (200, media), answer
    read = {PARQUET: pq.read_table, STREAM: pa.ipc.open_stream, FILE: pa.ipc.open_file}[media]
    found = read(io.BytesIO(answer.body))
    table = found if media == PARQUET else found.read_all()
    assert table.schema == pa.schema({"likely": pa.float32()})
    assert table["likely"].to_pylist() == KNOWN


def test_sagemakers_name_for_parquet(toys: Model) -> None:
    name = "application/x-parquet"
    assert _ask(toys, parquet(TABLE), name, accept="").media == name


@pytest.mark.parametrize(
    "options",
    [
        *({"compression": name} for name in ("none", "snappy", "gzip", "zstd", "lz4", "brotli")),
        {"data_page_version": "2.0", "version": "2.6"},
        {"use_dictionary": False, "store_schema": False},
        {"row_group_size": 1},
        {
            "use_dictionary": False,
            "column_encoding": {"size": "BYTE_STREAM_SPLIT", "colour": "DELTA_BYTE_ARRAY"},
        },
    ],
    ids=str,
)
def test_ways_to_write_parquet(toys: Model, options: dict) -> None:
    assert scores(_ask(toys, parquet(TABLE, **options), PARQUET)) == KNOWN


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("write", [arrow, arrow_file])
def test_ways_to_write_arrow(toys: Model, write: Callable[..., bytes], compression: str | None) -> None:
    body = write(TABLE, compression=compression)
    assert scores(_ask(toys, body, STREAM if write is arrow else FILE)) == KNOWN


TEXTS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
TEXTS.append(pa.dictionary(pa.int32(), pa.large_string()))


@pytest.mark.parametrize("media", WRITERS)
@pytest.mark.parametrize("kind", TEXTS, ids=str)
def test_texts_of_every_kind(toys: Model, kind: pa.DataType, media: str) -> None:
    table = TABLE
    for name in ("colour", "shape"):
        texts = TABLE[name].combine_chunks()
        made = texts.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else texts.cast(kind)
        table = table.set_column(table.schema.get_field_index(name), name, made)
    assert scores(_ask(toys, WRITERS[media](table), media)) == KNOWN


NUMBERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
NUMBERS += [pa.float16(), pa.float32(), pa.float64()]


@pytest.mark.parametrize("media", WRITERS)
@pytest.mark.parametrize("kind", NUMBERS, ids=str)
def test_numbers_of_every_kind(toys: Model, kind: pa.DataType, media: str) -> None:
    sizes, weights = [3, 100, 0], [None, 2, None]
    table = pa.table(
        {"size": pa.array(sizes, kind), "weight": pa.array(weights, kind), "colour": ["red"] * 3}
    )
    known = [
        expected({"colour": "red", "size": size, "weight": weight})
        for size, weight in zip(sizes, weights, strict=True)
    ]
    assert scores(_ask(toys, WRITERS[media](table), media)) == pytest.approx(known, abs=1e-6)


@pytest.mark.parametrize("media", WRITERS)
def test_many_batches_with_their_own_categories(toys: Model, media: str) -> None:
    rows = [
        {"colour": name, "size": float(size)} for size in range(40) for name in ("red", f"c{size}", "green")
    ]
    table = pa.Table.from_pylist(rows)
    known = pytest.approx([expected(row) for row in rows], abs=1e-6)
    assert scores(_ask(toys, WRITERS[media](table), media)) == known
    sliced = _ask(toys, WRITERS[media](table.slice(5, 7)), media)
    assert scores(sliced) == pytest.approx([expected(row) for row in rows[5:12]], abs=1e-6)


@pytest.mark.parametrize("media", WRITERS)
def test_missing_values(toys: Model, media: str) -> None:
    table = pa.table(
        {
            "colour": ["red", "red"],
            "shape": pa.nulls(2),
            "size": [1, 2],
            "weight": pa.array([float("nan"), None]),
        }
    )
    known = [expected({"colour": "red", "size": size}) for size in (1, 2)]
    assert scores(_ask(toys, WRITERS[media](table), media)) == pytest.approx(known, abs=1e-6)


@pytest.mark.parametrize("media", WRITERS)
def test_no_rows(toys: Model, media: str) -> None:
    assert scores(_ask(toys, WRITERS[media](TABLE.slice(0, 0)), media)) == []


def test_a_data_frame_with_an_index_of_its_own(toys: Model) -> None:
    frame = pd.DataFrame(ROWS, index=["a", "b", "c"])
    assert scores(_ask(toys, frame.to_parquet(), PARQUET)) == KNOWN


@pytest.mark.parametrize(
    ("column", "values", "given"),
    [
        ("size", pa.array([1, 2, 3], pa.timestamp("us")), "values of type Timestamp"),
        ("size", pa.array([1, 2, 3], pa.decimal128(9, 2)), "values of type Decimal128"),
        ("size", pa.array([True, False, True]), "values of type Boolean"),
        ("size", pa.array(["1", "2", "3"]), "texts"),
        ("size", pa.array([[1], [2], [3]]), "values of type List"),
        ("size", pa.nulls(3), "null"),
        ("colour", pa.array([1, 2, 3]), "numbers"),
        ("colour", pa.array([b"1", b"2", b"3"]), "values of type Binary"),
        ("colour", pa.array([1, 2, 1]).dictionary_encode(), "values of type Dictionary"),
        ("colour", pa.array([None, "a", "b"]), "null"),
        ("height", pa.array([1, 2, 3]), "an unknown column"),
        ("index", pa.array([1, 2, 3]), "an unknown column"),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("media", [PARQUET, STREAM])
def test_a_wrong_column_is_named(toys: Model, column: str, values: pa.Array, given: str, media: str) -> None:
    at = TABLE.schema.get_field_index(column)
    table = TABLE.append_column(column, values) if at < 0 else TABLE.set_column(at, column, values)
    fault = error(_ask(toys, WRITERS[media](table), media))
    assert (fault["status"], fault["code"], fault["field"]) == (400, "invalid_field", column)
    assert fault["given"].startswith(given)


@pytest.mark.parametrize(
    ("values", "row", "given"),
    [
        ([1.0, None, 2.0], 1, "null"),
        ([1.0, 2.0, float("nan")], 2, "null"),
        ([1.0, float("-inf"), 1.0], 1, "a number out of every range"),
        ([1.0, 2.0, 1e39], 2, "the number 1e+39"),
    ],
    ids=range(4),
)
def test_a_wrong_value_is_named(toys: Model, values: list, row: int, given: str) -> None:
    table = TABLE.set_column(TABLE.schema.get_field_index("size"), "size", pa.array(values))
    fault = error(_ask(toys, parquet(table), PARQUET))
    assert (fault["row"], fault["field"], fault["given"]) == (row, "size", given)
    alone = _ask(
        toys, parquet(table), PARQUET, accept="", x_amzn_sagemaker_custom_attributes="invalid-rows=null"
    )
    found = pq.read_table(io.BytesIO(alone.body))["likely"].to_pylist()
    assert [score is None for score in found] == [index == row for index in range(3)]
    assert (alone.refused_rows, alone.headers.endswith(f"first={row}\r\n")) == (1, True)


def test_columns_missing_or_twice(toys: Model) -> None:
    assert error(_ask(toys, parquet(TABLE.drop_columns("size")), PARQUET))["field"] == "size"
    twice = TABLE.append_column("colour", TABLE["colour"])
    assert error(_ask(toys, arrow(twice), STREAM))["given"] == "two columns"


def test_a_large_table(toys: Model) -> None:
    count = 200_000
    sizes = np.linspace(-3, 3, count)
    table = pa.table({"colour": np.array(["red", "green"])[np.arange(count) % 2], "size": sizes})
    found = scores(_ask(toys, parquet(table), PARQUET))
    for row in (0, 1, 65_535, 65_536, 131_073, count - 1):
        known = expected({"colour": ["red", "green"][row % 2], "size": sizes[row]})
        assert found[row] == pytest.approx(known, abs=1e-6)
