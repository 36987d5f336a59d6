"""The captured records of one endpoint in S3: the port that monitoring reads them by."""

import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from monitoring.records import hours
from monitoring.records.hours import HOUR, CaptureFile, HourRecord
from monitoring.records.periods import Served
from monitoring.storage.bodies import Requests, schema_of
from monitoring.storage.engine import FileCounter
from monitoring.storage.files import CaptureFiles
from monitoring.storage.reading import Hour, HourReading, Reader
from monitoring.storage.reference import binnings
from monitoring.storage.scores import Answers
from monitoring.storage.shelf import Shelf
from release.domain import names
from release.domain.captures import Counted, Reading
from release.domain.errors import UsageError
from release.ports import Artifacts

VARIANTS = (names.LIVE, names.CANDIDATE)


class CapturedRecords(Shelf):
    """What the shelf holds of an endpoint, and reading more: `monitoring.ports.CapturedHours`."""

    def __init__(self, s3: Any, artifacts: Artifacts, endpoint: str, in_sagemaker: str) -> None:
        super().__init__(s3, artifacts.bucket, endpoint)
        self._files = CaptureFiles(s3, in_sagemaker)
        self._reader_of = cache(lambda release: _reader_or_none(artifacts, release))

    def first(self, places: Collection[str]) -> datetime | None:
        """The earliest hour with a capture file in one of these places."""
        found = [self._files.first_hour(to, variant) for to in places for variant in VARIANTS]
        return min(filter(None, found), default=None)

    def read(self, hour: datetime, served: Served, again: bool = False) -> HourRecord | None:
        """Read an hour and keep what it says; None where another process has done so meanwhile."""
        files = self._of_hour(hour, served)
        work = Path(tempfile.mkdtemp(prefix="slipway-hour-"))
        try:
            asked = Hour(self.endpoint, hour, files, served)
            found = HourReading(asked, self._files.lines, self._reader_of, work).read()
            named = {file.key: file.etag for of_variant in files.values() for file in of_variant}
            record = HourRecord(self.endpoint, hour, "", named, (), found.counts, own=found.own)
            return self.keep(record, found, again)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def late(self, wanted: Sequence[datetime], served: Served) -> Mapping[datetime, Sequence[str]]:
        """Capture files that came, or changed, after their hour was read."""
        if not wanted:
            return {}
        there: dict[datetime, dict[str, str]] = {hour: {} for hour in wanted}
        start, end = min(wanted), max(wanted) + HOUR
        for to in _places(served, start, end):
            for variant in VARIANTS:
                for hour, file in self._files.between(to, variant, start, end):
                    if hour in there:
                        there[hour][file.key] = file.etag
        found = {record.hour: hours.late(record, there[record.hour]) for record in self.records(wanted)}
        return {hour: keys for hour, keys in found.items() if keys}

    def _of_hour(self, hour: datetime, served: Served) -> Mapping[str, Sequence[CaptureFile]]:
        """The hour's files by variant, wherever what served then wrote them."""
        places = _places(served, hour, hour + HOUR)
        found = {
            variant: [file for to in places for file in self._files.of_hour(to, variant, hour)]
            for variant in VARIANTS
        }
        return {variant: files for variant, files in found.items() if files}


def _places(served: Served, start: datetime, end: datetime) -> Sequence[str]:
    pins = [period.pin for period in served.within(start, end) if period.pin]
    return sorted({pin.capture.to for pin in pins if pin.capture})


def _reader_or_none(artifacts: Artifacts, release: str) -> Reader | None:
    try:
        return reader(artifacts, release)
    except UsageError:
        return None


def reader(artifacts: Artifacts, release: str) -> Reader:
    """What is needed to read the records of a release. Raises UsageError where its manifest is gone."""
    manifest = artifacts.manifest(release)
    schema = schema_of(manifest.input_schema)
    reading = None
    if manifest.foreign is not None or schema is None:
        golden, _ = artifacts.golden(manifest)
        reading = Reading.of(golden, Counted.of(golden))
    return Reader(
        schema,
        Requests(schema) if schema else None,
        Answers(schema.output if schema else None, reading),
        FileCounter(schema, binnings(artifacts, manifest, schema)),
    )
