"""Whether a file of data is whole, has its columns, and how much memory its rows take: before it is read.

CSV (plain, .gz or .zip) and Parquet are understood. Other files have to be there, and not empty.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import BadZipFile, ZipFile

from model import lfs
from model.declarations import SourceFile
from model.training.problems import Problem, no_column, renamed

SAMPLE_BYTES = 1 << 20
SAMPLE_ROWS = 10_000
UNREADABLE = (OSError, ValueError, EOFError, BadZipFile, zlib.error)
AGAIN = "get the file again, whole"


class Looked(NamedTuple):
    """What is known of a file: what is wrong, and about how many bytes its rows take in memory."""

    problems: Sequence[Problem]
    bytes: int = 0


def look(file: SourceFile) -> Looked:
    """Look at a file without holding its rows."""
    path = file.path
    try:
        if path.stat().st_size == 0:
            return Looked([Problem(f"{path} is empty (0 bytes)", AGAIN)])
        with path.open("rb") as stream:
            if lfs.is_pointer(stream.read(lfs.LENGTH)):
                return Looked([Problem(f"{path} {lfs.WHAT}", lfs.fix(path))])
        return _rows_of(file)
    except FileNotFoundError:
        fix = "correct its path in the service, or put the file there"
        return Looked([Problem(f"{path} is not there", fix)])
    except UNREADABLE as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        fix = f"{AGAIN}, or correct its permissions" if isinstance(error, OSError) else AGAIN
        return Looked([Problem(f"{path} cannot be read: {said}", fix)])


def _rows_of(file: SourceFile) -> Looked:
    names = [part.lower() for part in file.path.suffixes]
    if ".parquet" in names[-1:]:
        return _parquet(file)
    if ".csv" in names:
        return _csv(file)
    with file.path.open("rb") as stream:
        stream.read(1)
    return Looked([])


def _parquet(file: SourceFile) -> Looked:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(file.path) as rows:
        there = rows.schema_arrow.names
        problems = _gone(file, there)
        count = rows.metadata.num_rows
        if not count:
            return Looked([*problems, Problem(f"{file.path} has no rows", AGAIN)])
        wanted = [name for name in file.columns if name in there] or None
        batch = next(rows.iter_batches(SAMPLE_ROWS, columns=wanted)).to_pandas()
        return Looked(problems, _in_memory(batch) * count // len(batch))


def _csv(file: SourceFile) -> Looked:
    """One pass over the bytes: the head is parsed, the end looked at, the rest only counted."""
    with _opened(file.path) as stream:
        head = stream.read(SAMPLE_BYTES)
        total, tail = len(head), head[-SAMPLE_BYTES:]
        while chunk := stream.read(SAMPLE_BYTES):
            total, tail = total + len(chunk), (tail + chunk)[-SAMPLE_BYTES:]
    whole = total == len(head)
    text = (head if whole else head[: head.rfind(b"\n") + 1]).decode("utf-8-sig")
    there = next(csv.reader(io.StringIO(text)), [])
    problems = _gone(file, there)
    if len(text.splitlines()) < 2:
        return Looked([*problems, Problem(f"{file.path} has no rows", AGAIN)])
    if cut := _cut_off(tail, len(there)):
        problems = [*problems, Problem(f"{file.path} {cut}", AGAIN)]
    return Looked(problems, _of_sample(file, text, there) * total // max(1, len(text.encode())))


def _of_sample(file: SourceFile, text: str, there: Sequence[str]) -> int:
    import pandas as pd

    wanted = [name for name in file.columns if name in there] or None
    return _in_memory(pd.read_csv(io.StringIO(text), usecols=wanted, nrows=SAMPLE_ROWS * 10))


def _cut_off(tail: bytes, columns: int) -> str:
    """Why the last row is no whole one; empty where it is. A row ends with its line."""
    if tail.endswith((b"\n", b"\r")):
        return ""
    last = next(csv.reader([tail[tail.rfind(b"\n") + 1 :].decode("utf-8", "replace")]), [])
    if len(last) >= columns:
        return ""
    return f"ends in the middle of its last row: {len(last)} of {columns} columns"


def _gone(file: SourceFile, there: Sequence[str]) -> list[Problem]:
    gone = [name for name in file.columns if name not in there]
    new = renamed(gone, [name for name in there if name not in file.columns])
    found = [no_column(name, there, new.get(name)) for name in gone]
    return [Problem(f"{file.path}: {problem.what}", problem.fix) for problem in found]


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes] | gzip.GzipFile]:
    """The bytes of a file as they were before it was compressed."""
    ends = path.suffix.lower()
    if ends == ".zip":
        with ZipFile(path) as archive, archive.open(archive.namelist()[0]) as stream:
            yield stream
    elif ends == ".gz":
        with gzip.open(path) as stream:
            yield stream
    else:
        with path.open("rb") as stream:
            yield stream


def _in_memory(frame: object) -> int:
    import pandas as pd

    assert isinstance(frame, pd.DataFrame)
    return int(frame.memory_usage(deep=True).sum())
