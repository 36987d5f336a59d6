"""Capture files in S3: listed by hour, and read line by line, whatever their size, in bounded memory.

A file that is gone is somebody's deletion; a bucket that refuses, or a connection that breaks, raises boto3's
error: what could not be asked is no empty hour.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from monitoring.records import hours
from monitoring.records.hours import CaptureFile, Folder
from monitoring.records.troubles import NotReadable, Trouble
from release.adapters import objects
from release.domain import s3_uri

CHUNK = 4 << 20
LONGEST = 96 << 20
"""Bytes of a line: SageMaker takes 25 MB and answers as much, which BASE64 makes a third longer."""


class CaptureFiles:
    """The capture files of one endpoint, by its name in SageMaker."""

    def __init__(self, s3: Any, endpoint: str) -> None:
        self._s3 = s3
        self._endpoint = endpoint

    def of_hour(self, folder: Folder, hour: datetime) -> list[CaptureFile]:
        """The files of one folder and hour."""
        bucket, prefix = self._prefix(folder)
        return list(self._listed(bucket, f"{prefix}{hours.folder(hour)}/"))

    def between(
        self, folder: Folder, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, CaptureFile]]:
        """The files from the hour `start` to before `end`: one listing, as S3 keeps them in order."""
        bucket, prefix = self._prefix(folder)
        for file in self._listed(bucket, prefix, f"{prefix}{hours.folder(start)}/"):
            try:
                hour = hours.parsed(s3_uri.parts(file.key)[1][len(prefix) :].rpartition("/")[0])
            except ValueError:
                continue  # of somebody else
            if hour >= end:
                return
            yield hour, file

    def first_hour(self, folder: Folder) -> datetime | None:
        """The earliest hour with a file: found by four listings of folders, however many hours there are."""
        bucket, start = self._prefix(folder)
        prefix: str | None = start
        for _ in range(4):
            prefix = next(objects.folders(self._s3, bucket, prefix), None)
            if prefix is None:
                return None
        try:
            return hours.parsed(prefix[len(start) :].rstrip("/"))
        except ValueError:
            return None

    def folders(self, to: str) -> list[Folder]:
        """All folders of the endpoint below a place, whoever wrote there."""
        bucket, prefix = self._place(to)
        return [Folder(to, found[len(prefix) : -1]) for found in objects.folders(self._s3, bucket, prefix)]

    def lines(self, file: CaptureFile) -> Iterator[Sequence[bytes | NotReadable]]:
        """The lines of a file, some at a time; a NotReadable in the place of one that cannot be read."""
        chunks = objects.chunks(self._s3, *s3_uri.parts(file.key), CHUNK)
        if chunks is None:
            yield [NotReadable(Trouble.FILE)]
        else:
            yield from split(chunks)

    def _place(self, to: str) -> tuple[str, str]:
        bucket, prefix = s3_uri.parts(to)
        return bucket, f"{prefix.rstrip('/')}/{self._endpoint}/"

    def _prefix(self, folder: Folder) -> tuple[str, str]:
        bucket, prefix = self._place(folder.to)
        return bucket, f"{prefix}{folder.name}/"

    def _listed(self, bucket: str, prefix: str, after: str = "") -> Iterator[CaptureFile]:
        for item in objects.listed(self._s3, bucket, prefix, after):
            if item["Key"].endswith(".jsonl"):
                yield CaptureFile(f"s3://{bucket}/{item['Key']}", item["ETag"].strip('"'), item["Size"])


def split(chunks: Iterator[bytes], longest: int = LONGEST) -> Iterator[Sequence[bytes | NotReadable]]:
    """The lines in consecutive chunks, some at a time; blank ones are none."""
    for block in blocks(chunks, longest):
        if found := [line for line in block if isinstance(line, NotReadable) or line.strip()]:
            yield found


def blocks(chunks: Iterator[bytes], longest: int = LONGEST) -> Iterator[Sequence[bytes | NotReadable]]:
    """All lines in consecutive chunks, some at a time; a NotReadable in the place of one that is too long."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        parts, size = [*parts, first] if size + len(first) <= longest else [], size + len(first)
        if not others:
            continue
        *whole, last = others
        whole = [b"".join(parts), *whole] if size <= longest else whole
        found: list[bytes | NotReadable] = [] if size <= longest else [NotReadable(Trouble.LONG)]
        found += [line if len(line) <= longest else NotReadable(Trouble.LONG) for line in whole]
        parts, size = [last], len(last)
        yield found
    if size > longest:
        yield [NotReadable(Trouble.LONG)]
    elif size:
        yield [b"".join(parts)]
