"""What monitoring keeps in a stage's bucket: the hours that were read, their rows, and up to where all are.

An hour's record is written by a conditional put, after all that it names. Of two processes that read the same
hour one wins; what the other one wrote is deleted again, and was named by nobody.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from monitoring.hours import ALWAYS
from monitoring.records import hours
from monitoring.records.hours import HourRecord, Mark, RowsTable
from monitoring.storage import again
from monitoring.storage.reading import Found
from release.adapters import objects
from release.domain.errors import ServiceError

AT_ONCE = 8


class Shelf:
    """One endpoint's hours. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, bucket: str, endpoint: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self.endpoint = endpoint

    def watermark(self) -> datetime | None:
        """The first hour that is not done, before which all are; None before the first one."""
        return self._until()[0]

    def move_watermark(self, until: datetime) -> None:
        """All hours before `until` are done. It never goes back; one that is late only costs a listing."""
        before, version = self._until()
        if before is None or before < until:
            body = json.dumps({"until": until.isoformat()}).encode()
            objects.put(self._s3, self._bucket, self._watermark, body, version)

    def _until(self) -> tuple[datetime | None, str | None]:
        """The watermark and its version. Raises ServiceError where it is damaged."""
        found = self._get(self._watermark)
        if found is None:
            return None, None
        try:
            return datetime.fromisoformat(json.loads(found[0])["until"]), found[1]
        except (ValueError, KeyError, TypeError):
            raise ServiceError(
                f"What says up to which hour all are read is damaged: s3://{self._bucket}/{self._watermark}.",
                "Nobody knows which hours are new, so nothing was read.",
                "Delete that object, then run the same command again: hours that were read stay read.",
            ) from None

    def done(self, start: datetime, until: datetime) -> list[datetime]:
        """The hours from `start` to before `until` that are done, in order."""
        return list(self.versions(start, until))

    def versions(self, start: datetime = ALWAYS, until: datetime | None = None) -> dict[datetime, str]:
        """The same with the version of each one's record, an ETag: one listing from there on."""
        place = f"{hours.place(self.endpoint)}hours/"
        found: dict[datetime, str] = {}
        for item in objects.listed(self._s3, self._bucket, place, f"{place}{hours.folder(start)}"):
            hour = hours.hour_in(item["Key"])
            if hour is None:
                continue
            if until is not None and hour >= until:
                break
            found[hour] = item["ETag"].strip('"')
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

    def last_look(self, release: str) -> tuple[bytes, str] | None:
        """What the last look kept of a release, and its version."""
        return self._get(hours.look_key(self.endpoint, release))

    def keep_look(self, release: str, look: bytes, before: str | None) -> bool:
        """Keep it where nobody kept another one than `before` meanwhile; whether it is kept."""
        return objects.put(
            self._s3, self._bucket, hours.look_key(self.endpoint, release), look, before or None
        )

    def mark_again(self, wanted: Iterable[datetime]) -> Mark:
        """Have these hours read again, by the next look if this one ends before."""
        return again.mark_again(self._s3, self._bucket, self.endpoint, wanted)

    def marked(self) -> list[Mark]:
        """All marks of hours that are to be read again."""
        return list(again.marked(self._s3, self._bucket, self.endpoint))

    def clear(self, mark: Mark) -> None:
        """Its hours were read."""
        again.clear(self._s3, self._bucket, mark)

    def before(self, hour: datetime) -> tuple[bytes, str] | None:
        """The record of an hour as it is now, and its version: what a reading would take the place of.

        Raises ServiceError for one of a later version of Slipway, which nothing here may replace.
        """
        key = hours.record_key(self.endpoint, hour)
        found = self._get(key)
        if found:
            hours.refuse_later(found[0], f"s3://{self._bucket}/{key}")
        return found

    def keep(
        self, record: HourRecord, found: Found, before: tuple[bytes, str] | None = None
    ) -> HourRecord | None:
        """Keep what was read of an hour; None where another process has kept it meanwhile.

        `record` comes without an attempt, tables and quarantine. It takes the place of `before`, which was
        there when the reading began: what was kept since then may have been read of newer files.
        """
        key = hours.record_key(self.endpoint, record.hour)
        attempt = uuid4().hex[:12]
        mine = replace(record, attempt=attempt, **self._written(record.hour, attempt, found))
        if not objects.put(self._s3, self._bucket, key, mine.to_bytes(), before[1] if before else None):
            self._forget(mine)
            return None
        if before:
            with suppress(ServiceError):  # a damaged one names nothing
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
