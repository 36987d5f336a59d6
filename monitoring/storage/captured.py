"""The captured records of one endpoint in S3: the port that monitoring reads them by."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from monitoring.drift.reference import Reference
from monitoring.records import hours
from monitoring.records.hours import HOUR, CaptureFile, Folder, HourRecord
from monitoring.records.periods import Served
from monitoring.storage.bodies import Requests, as_kept, schema_of
from monitoring.storage.files import CaptureFiles
from monitoring.storage.lock import RecordsLock
from monitoring.storage.reading import Found, Hour, HourReading, Reader
from monitoring.storage.reference import of_release
from monitoring.storage.scores import Answers
from monitoring.storage.shelf import Shelf
from release.domain.captures import Counted, Reading
from release.domain.errors import UsageError
from release.domain.pins import ReleasePin
from release.ports import Artifacts


class CapturedRecords(Shelf):
    """What the shelf holds of an endpoint, and reading more: `monitoring.ports.CapturedHours`."""

    def __init__(self, s3: Any, artifacts: Artifacts, endpoint: str, in_sagemaker: str) -> None:
        super().__init__(s3, artifacts.bucket, endpoint)
        self._files = CaptureFiles(s3, in_sagemaker)
        self._lock = RecordsLock(s3, artifacts.bucket, endpoint)
        self._artifacts = artifacts
        self._reader_of = cache(lambda release: _reader_or_none(artifacts, release))

    def first(self, pins: Sequence[ReleasePin]) -> datetime | None:
        """The earliest hour with a capture file where these releases capture."""
        found = [self._files.first_hour(folder) for folder in Folder.of(pins)]
        return min(filter(None, found), default=None)

    def reference(self, release: str) -> Reference | None:
        """What a release's drift is decided against; None where its artifact has none."""
        return of_release(self._artifacts, self._artifacts.manifest(release))

    def read(self, hour: datetime, served: Served, again: bool = False) -> HourRecord | None:
        """Read an hour and keep what it says; None where another process has done so meanwhile."""
        work = Path(tempfile.mkdtemp(prefix="slipway-hour-"))
        try:
            with self._lock.shared("A reading") as held:
                before = self.before(hour)
                if before and not again:
                    return None
                record, found = self._read(hour, served, work)
                held.still()
                return self.keep(record, found, before)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _read(self, hour: datetime, served: Served, work: Path) -> tuple[HourRecord, Found]:
        files = self._of_hour(hour, served)
        asked = Hour(self.endpoint, hour, files, served)
        found = HourReading(asked, self._files.lines, self._reader_of, work).read()
        named = {file.key: file.etag for of_variant in files.values() for file in of_variant}
        return HourRecord(self.endpoint, hour, "", named, (), found.counts, own=found.own), found

    def late(self, wanted: Sequence[datetime], served: Served) -> Mapping[datetime, Sequence[str]]:
        """Capture files that came, or changed, after their hour was read."""
        if not wanted:
            return {}
        there: dict[datetime, dict[str, str]] = {hour: {} for hour in wanted}
        start, end = min(wanted), max(wanted) + HOUR
        for folder in Folder.of(served.pins(start, end)):
            for hour, file in self._files.between(folder, start, end):
                if hour in there:
                    there[hour][file.key] = file.etag
        found = {record.hour: hours.late(record, there[record.hour]) for record in self.records(wanted)}
        return {hour: keys for hour, keys in found.items() if keys}

    def _of_hour(self, hour: datetime, served: Served) -> Mapping[Folder, Sequence[CaptureFile]]:
        """The hour's files by folder, wherever what served then wrote them."""
        folders = Folder.of(served.pins(hour, hour + HOUR))
        return {folder: self._files.of_hour(folder, hour) for folder in folders}


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
    kept = as_kept(schema) if schema else None
    found = of_release(artifacts, manifest)
    return Reader(
        kept,
        Requests(kept) if kept else None,
        Answers(schema.output if schema else None, reading),
        found.binnings if found else (),
    )
