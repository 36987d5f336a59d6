"""The lines of files that callers and their pipelines leave: in a folder, or under a prefix in S3.

Each file is read piece by piece, so that neither its size nor that of its lines matters; one that ends with
`.gz` is unpacked. Of Parquet, the tables of captured rows, each row is a line (`told_tables`). What is too
long, or cannot be read to its end, is said to be so in its place, and the next one is read.
"""

import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from monitoring.experiments.reading import FILE, LONG, Line
from monitoring.records.troubles import NotReadable
from monitoring.storage import told_tables
from monitoring.storage.files import blocks
from release.adapters import objects
from release.adapters.aws import MISSING, error_code
from release.domain import s3_uri
from release.domain.errors import UsageError

KINDS = (".jsonl", ".json", ".csv", ".jsonl.gz", ".json.gz", ".csv.gz", told_tables.PARQUET)
CHUNK = 1 << 20
_GZIP, _PADDING = 16 + zlib.MAX_WBITS, b"\0"
MOST = 16 << 30
"""Bytes of a file, unpacked: of more the rest is not read, as a small packed file may hold any number."""


class Told:
    """Reads places: `s3://bucket/prefix`, a folder or a file. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, most: int = MOST) -> None:
        self._s3 = s3
        self._most = most

    def lines(self, place: str) -> Iterator[Line]:
        """All lines of the files of a place, by their names. Raises UsageError where there is no such place.

        A prefix in S3 under which nothing lies yet has no lines.
        """
        yield from self._in_s3(place) if place.startswith("s3://") else self._here(Path(place))

    def _here(self, place: Path) -> Iterator[Line]:
        if not place.exists():
            raise UsageError(
                f"There is no file or folder {place}.", "Nothing was read.", "Name one there is."
            )
        if not place.is_dir() and not place.name.endswith(KINDS):
            raise UsageError(
                f"{place} is none of {', '.join(KINDS)}.",
                "Nothing was read.",
                "Name a file or a folder of such.",
            )
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_dir() or not file.name.endswith(KINDS):
                continue
            try:
                opened = file.open("rb")
            except OSError:
                yield Line(str(file), 0, fault=FILE)
                continue
            with opened:
                yield from self._lines(str(file), opened)

    def _in_s3(self, place: str) -> Iterator[Line]:
        bucket, prefix = s3_uri.parts(place)
        try:
            keys = sorted(item["Key"] for item in objects.listed(self._s3, bucket, prefix))
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
            raise UsageError(
                f"There is no bucket {bucket}.", "Nothing was read.", "Name a place that there is."
            ) from None
        for key in keys:
            if not key.endswith(KINDS):
                continue
            uri = f"s3://{bucket}/{key}"
            try:
                body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            except ClientError as error:
                if error_code(error) not in MISSING - {"NoSuchBucket"}:
                    raise
                yield Line(uri, 0, fault=FILE)
                continue
            with closing(body):
                yield from self._lines(uri, body)

    def _lines(self, place: str, stream: BinaryIO) -> Iterator[Line]:
        if place.endswith(told_tables.PARQUET):
            yield from told_tables.lines(place, stream)
            return
        found = (line for block in blocks(self._chunks(place, stream)) for line in block)
        try:
            for number, line in enumerate(found, start=1):
                long = isinstance(line, NotReadable)
                yield Line(place, number, fault=LONG) if long else Line(place, number, line)
        except (_Endless, EOFError, zlib.error):
            yield Line(place, 0, fault=FILE)

    def _chunks(self, place: str, stream: BinaryIO) -> Iterator[bytes]:
        """The file in pieces, unpacked. Raises _Endless where it is longer than what is read."""
        packed = iter(lambda: stream.read(CHUNK), b"")
        size = 0
        for chunk in unpacked(packed) if place.endswith(".gz") else packed:
            size += len(chunk)
            if size > self._most:
                raise _Endless
            yield chunk


def unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed, in pieces of no more than CHUNK.

    Raises zlib.error or EOFError where it is damaged or cut off, once all before that is told.
    """
    member, begun = zlib.decompressobj(_GZIP), False
    for data in packed:
        while data := data if begun else data.lstrip(_PADDING):
            begun = True
            yield member.decompress(data, CHUNK)
            data = member.unconsumed_tail
            if member.eof:
                data, member, begun = member.unused_data, zlib.decompressobj(_GZIP), False
    if begun:
        raise EOFError


class _Endless(Exception):
    """A file goes on beyond what is read of one."""
