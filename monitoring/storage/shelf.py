"""What monitoring keeps in a stage's bucket: the hours that were read, their rows, and up to where all are.

An hour's record is written by a conditional put, after all that it names. Of two processes that read the same
hour one wins; what the other one wrote is deleted again, and was named by nobody.
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from monitoring.records import hours
from monitoring.records.hours import HourRecord, RowsTable
from monitoring.storage.reading import Found
from release.adapters import objects

AT_ONCE = 8


class Shelf:
    """One endpoint's hours. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, bucket: str, endpoint: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self.endpoint = endpoint

    def watermark(self) -> datetime | None:
        """The first hour that is not done, before which all are; None before the first one."""
        found = self._get(self._watermark)
        return datetime.fromisoformat(json.loads(found[0])["until"]) if found else None

    def move_watermark(self, until: datetime) -> None:
        """All hours before `until` are done. It never goes back; one that is late only costs a listing."""
        before = self._get(self._watermark)
        if before and datetime.fromisoformat(json.loads(before[0])["until"]) >= until:
            return
        body = json.dumps({"until": until.isoformat()}).encode()
        objects.put(self._s3, self._bucket, self._watermark, body, before[1] if before else None)

    def done(self, start: datetime, until: datetime) -> list[datetime]:
        """The hours from `start` to before `until` that are done, in order: one listing from there on."""
        place = f"{hours.place(self.endpoint)}hours/"
        found = []
        for item in objects.listed(self._s3, self._bucket, place, f"{place}{hours.folder(start)}"):
            hour = hours.hour_in(item["Key"])
            if hour is not None and hour >= until:
                break
            found += [hour] if hour else []
        return found

    def records(self, wanted: Sequence[datetime]) -> Iterator[HourRecord]:
        """The records of these hours, those that are there, in their order."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from filter(None, pool.map(self.record, wanted))

    def record(self, hour: datetime) -> HourRecord | None:
        """What was read of an hour, None where it is not done."""
        key = hours.record_key(self.endpoint, hour)
        found = self._get(key)
        return HourRecord.from_bytes(found[0], f"s3://{self._bucket}/{key}") if found else None

    def drift_state(self, release: str) -> str | None:
        """What the last look kept of a release's drift."""
        found = self._get(hours.state_key(self.endpoint, release))
        return found[0].decode() if found else None

    def keep_drift_state(self, release: str, state: str) -> None:
        """Keep it. Of two looks at once the later one counts: the next look decides again what it lacks."""
        key = hours.state_key(self.endpoint, release)
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=state.encode())

    def keep(self, record: HourRecord, found: Found, again: bool = False) -> HourRecord | None:
        """Keep what was read of an hour; None where another process has kept it meanwhile.

        `record` comes without an attempt, tables and quarantine. With `again` it takes the place of the one
        that is there.
        """
        key = hours.record_key(self.endpoint, record.hour)
        before = self._get(key)
        if before and not again:
            return None
        attempt = uuid4().hex[:12]
        mine = replace(record, attempt=attempt, **self._written(record.hour, attempt, found))
        if not objects.put(self._s3, self._bucket, key, mine.to_bytes(), before[1] if before else None):
            self._forget(mine)
            return None
        if before:
            self._forget(HourRecord.from_bytes(before[0], key))
        return mine

    def _written(self, hour: datetime, attempt: str, found: Found) -> dict[str, Any]:
        """Upload rows and quarantine; the fields of the record that name them."""
        tables = []
        for table in found.tables:
            name = f"{attempt}-{table.path.name}"
            key = f"{hours.place(self.endpoint)}rows/{hours.folder(hour)}/{name}"
            self._s3.upload_file(str(table.path), self._bucket, key)
            tables.append(RowsTable(key, table.variant, table.release, table.rows))
        quarantine = ""
        if found.quarantine.kept:
            quarantine = f"{hours.place(self.endpoint)}quarantine/{hours.folder(hour)}/{attempt}.jsonl"
            self._s3.upload_file(str(found.quarantine.path), self._bucket, quarantine)
        return {
            "tables": tuple(tables),
            "quarantine": quarantine,
            "quarantined": found.quarantine.kept,
        }

    def _forget(self, record: HourRecord) -> None:
        """Delete what a record names that nobody goes by any more; what stays is named by nobody."""
        for key in filter(None, (*(table.key for table in record.tables), record.quarantine)):
            with suppress(ClientError, BotoCoreError):
                self._s3.delete_object(Bucket=self._bucket, Key=key)

    @property
    def _watermark(self) -> str:
        return f"{hours.place(self.endpoint)}watermark.json"

    def _get(self, key: str) -> tuple[bytes, str] | None:
        return objects.read(self._s3, self._bucket, key)
