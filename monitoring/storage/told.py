"""The lines of files that callers and their pipelines leave: in a folder, or under a prefix in S3.

Each file is read line by line, so that its size does not matter; one that ends with `.gz` is unpacked. Of
Parquet, the tables of captured rows, each row is a line with what an exposure needs.
"""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from monitoring import rows
from monitoring.experiments.reading import Line
from release.adapters import objects
from release.adapters.aws import MISSING, error_code
from release.domain import s3_uri
from release.domain.errors import UsageError

PARQUET = ".parquet"
KINDS = (".jsonl", ".json", ".csv", ".jsonl.gz", ".json.gz", ".csv.gz", PARQUET)


class Told:
    """Reads places: `s3://bucket/prefix`, a folder or a file."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def lines(self, place: str) -> Iterator[Line]:
        """All lines of the files of a place, by their names. Raises UsageError where there is no such place.

        A prefix in S3 under which nothing lies yet has no lines.
        """
        if place.startswith("s3://"):
            yield from self._in_s3(place)
            return
        path = Path(place)
        if not path.exists():
            raise UsageError(
                f"There is no file or folder {place}.", "Nothing was read.", "Name one there is."
            )
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and file.name.endswith(KINDS):
                with file.open("rb") as stream:
                    yield from _lines(str(file), stream)

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
            if key.endswith(KINDS):
                body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
                yield from _lines(f"s3://{bucket}/{key}", body)


def _lines(place: str, stream: Any) -> Iterator[Line]:
    if place.endswith(PARQUET):
        yield from _rows(place, stream.read())
        return
    plain = gzip.GzipFile(fileobj=stream) if place.endswith(".gz") else stream
    if not isinstance(plain, io.BufferedIOBase):
        plain = (line + b"\n" for line in plain.iter_lines())
    for number, line in enumerate(plain, start=1):
        yield Line(place, number, line.decode("utf-8", "replace"))


def _rows(place: str, data: bytes) -> Iterator[Line]:
    """Rows of captured records. Raises UsageError for a file that holds none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = [rows.INFERENCE, rows.VARIANT, rows.AT]
    try:
        batches = pq.ParquetFile(io.BytesIO(data)).iter_batches(columns=wanted)
        found = (values for batch in batches for values in batch.select(wanted).to_pylist())
        for number, values in enumerate(found, start=1):
            yield Line(place, number, json.dumps(values | {rows.AT: str(values[rows.AT])}))
    except (pa.ArrowInvalid, KeyError) as error:
        raise UsageError(
            f"{place} is no table of captured rows: {error}",
            "Nothing was told of the experiment.",
            "Name a place that holds exposures, or leave it to the stage's own.",
        ) from None
