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
    encoding = "utf-8-sig" if file.encoding == "utf-8" else file.encoding
    text = (head if whole else head[: head.rfind(b"\n") + 1]).decode(encoding)
    there = next(csv.reader(io.StringIO(text), delimiter=file.separator), [])
    problems = _gone(file, there)
    if len(text.splitlines()) < 2:
        return Looked([*problems, Problem(f"{file.path} has no rows", AGAIN)])
    if cut := _cut_off(file, tail, len(there)):
        problems = [*problems, Problem(f"{file.path} {cut}", AGAIN)]
    return Looked(problems, int(_for_each_byte(file, text, there, whole) * total))


def _for_each_byte(file: SourceFile, text: str, there: Sequence[str], whole: bool) -> float:
    """How many bytes of memory a byte of the file takes, by the rows that `text` has whole."""
    import pandas as pd

    # Without the header, and without the last row, which may end within a cell.
    lines = csv.reader(io.StringIO(text), delimiter=file.separator)
    some = None if whole else max(1, sum(1 for _ in lines) - 2)
    rows = pd.read_csv(io.StringIO(text), sep=file.separator, nrows=some)
    wanted = [name for name in file.columns if name in there] or list(rows.columns)
    size = len(text if whole else rows.to_csv(index=False, sep=file.separator))
    return _in_memory(rows[wanted]) / max(1, size)


def _cut_off(file: SourceFile, tail: bytes, columns: int) -> str:
    """Why the last row is no whole one; empty where it is. A row ends with its line."""
    last = tail[tail.rfind(b"\n") + 1 :]
    if not last.strip() or b'"' in last:  # within quotes a line ends no row
        return ""
    cells = next(csv.reader([last.decode(file.encoding, "replace")], delimiter=file.separator), [])
    if len(cells) >= columns:
        return ""
    return f"ends in the middle of its last row: {len(cells)} of {columns} columns"


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
