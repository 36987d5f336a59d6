"""Tables of captured rows (Parquet) as lines: of each row what an exposure needs, in bounded memory."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from monitoring import rows
from monitoring.experiments.reading import FILE, LONG, Line

PARQUET = ".parquet"
CHUNK = 1 << 20
MOST = 4 << 30
"""Bytes of a table's file: a larger one is not read."""
MEMORY = "512MB"
"""What reading one may take, whatever it unpacks to: one that needs more is read no further."""
LONGEST = 1024
"""Bytes of one value: an InferenceId has 64."""
BATCH = 16_384
_WANTED = (rows.INFERENCE, rows.VARIANT, rows.AT)
_TYPES = ["VARCHAR", "VARCHAR", "TIMESTAMP WITH TIME ZONE"]
_ROWS = f"""
    SELECT CASE WHEN NOT long THEN inference END, CASE WHEN NOT long THEN variant END, seconds, long
    FROM (
        SELECT "{rows.INFERENCE}" AS inference, "{rows.VARIANT}" AS variant, epoch("{rows.AT}") AS seconds,
            coalesce(greatest(strlen(inference), strlen(variant)), 0) > {LONGEST} AS long
        FROM read_parquet(?)
    )
"""  # noqa: S608 - names and number are constants of ours


def lines(place: str, stream: BinaryIO) -> Iterator[Line]:
    """A line for each row; one that says so in the place of what cannot be read to the table's end."""
    with tempfile.TemporaryDirectory(prefix="slipway-told-") as folder:
        path = Path(folder) / "rows.parquet"
        if not _copied(stream, path):
            yield Line(place, 0, fault=FILE)
            return
        try:
            for number, (*values, long) in enumerate(_rows(str(path)), start=1):
                said = json.dumps(dict(zip(_WANTED, values, strict=True))).encode()
                yield Line(place, number, fault=LONG) if long else Line(place, number, said)
        except (duckdb.Error, UnicodeDecodeError):
            yield Line(place, 0, fault=FILE)


def _copied(stream: BinaryIO, path: Path) -> bool:
    """Whether the whole table is in the file now."""
    with path.open("wb") as file:
        while chunk := stream.read(CHUNK):
            if file.tell() + len(chunk) > MOST:
                return False
            file.write(chunk)
    return True


def _rows(path: str) -> Iterator[tuple[Any, ...]]:
    """The wanted values of each row, the time as seconds since 1970, and whether one is too long.

    Raises duckdb's errors where they are not there, of another type, or take more than the memory.
    """
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1, "temp_directory": ""}) as reader:
        table = reader.read_parquet(path)
        there = dict(zip(table.columns, map(str, table.types), strict=True))
        if [there.get(name) for name in _WANTED] != _TYPES:
            raise duckdb.InvalidInputException(f"no table of {', '.join(_WANTED)}")
        found = reader.execute(_ROWS, [path])
        while some := found.fetchmany(BATCH):
            yield from some
