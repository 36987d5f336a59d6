"""Who works with an endpoint's captured records: many who read them, or one who forgets some.

monitoring/<endpoint>/lock/shared/<id>.json   somebody reads records, and will write what they say
monitoring/<endpoint>/lock/exclusive.json     somebody forgets records, or died meanwhile

Whoever reads says so before looking whether somebody forgets; whoever forgets says so before looking whether
somebody reads. S3 shows every write at once, so of two who begin together at least one sees the other and
gives way: nothing that was read before a deletion is written after its proof.

Both say again that they are at work before they write. Who has not said so for `DEAD_AFTER` counts as dead:
its object is deleted, and should it live it finds that before its next write, and stops.
"""

import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from monitoring import hours
from release.adapters import objects
from release.adapters.aws import MISSING, error_code
from release.domain.errors import ServiceError

DEAD_AFTER = timedelta(hours=6)
SAID_EVERY = timedelta(minutes=10)
"""So often at most it is said again; far more often than `DEAD_AFTER`."""


class Holder:
    """The lock, as one holds it."""

    def __init__(self, s3: Any, bucket: str, key: str, body: bytes, clock: Callable[[], float]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._said = clock()
        self.key = key
        self.body = body

    def still(self, certainly: bool = False) -> None:
        """Say that the holder lives; asked before every write. Raises ServiceError where it counts as dead.

        It is asked of S3 only where the last time is a while ago, or it has to be known `certainly`.
        """
        now = self._clock()
        if not certainly and 0 <= now - self._said < SAID_EVERY.total_seconds():
            return
        found = objects.read(self._s3, self._bucket, self.key)
        if found is None or found[0] != self.body or not self._put(found[1]):
            raise ServiceError(
                "Nothing was heard of this process for so long that it counts as dead.",
                "Captured records may have been forgotten meanwhile, so what it read is not written.",
                "Run the same command again.",
            )
        self._said = now

    def _put(self, tag: str) -> bool:
        return objects.put(self._s3, self._bucket, self.key, self.body, tag)


class RecordsLock:
    """The lock of one endpoint's captured records. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, bucket: str, endpoint: str, clock: Callable[[], float] = time.time) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._endpoint = endpoint
        self._place = f"{hours.place(endpoint)}lock/"
        self._clock = clock

    @contextmanager
    def shared(self, what: str) -> Generator[Holder]:
        """While somebody reads records and writes what they say.

        Raises ServiceError where some are being forgotten.
        """
        held = self._held(f"shared/{uuid4().hex}.json", what)
        self._s3.put_object(Bucket=self._bucket, Key=held.key, Body=held.body)
        try:
            if self._alive(f"{self._place}exclusive.json"):
                raise ServiceError(
                    f"Captured records of {self._endpoint} are being forgotten by another process.",
                    "What was read so far is kept; nothing is read meanwhile.",
                    "Run the same command again when ./slipway forget has ended. If its process died, give "
                    "the same forget again, which finishes it.",
                )
            yield held
        finally:
            self._drop(held)

    @contextmanager
    def exclusive(self, order: str) -> Generator[Holder]:
        """While records are forgotten. Raises ServiceError where somebody reads, or forgets something else.

        The same `order` takes over from its own process that died.
        """
        held = self._held("exclusive.json", order)
        self._take(held, order)
        try:
            self._refuse_readers()
            yield held
        finally:
            found = objects.read(self._s3, self._bucket, held.key)
            if found and found[0] == held.body:
                self._drop(held)

    def _held(self, name: str, what: str) -> Holder:
        body = json.dumps({"id": uuid4().hex, "what": what, "begun": datetime.now(UTC).isoformat()}).encode()
        return Holder(self._s3, self._bucket, f"{self._place}{name}", body, self._clock)

    def _take(self, held: Holder, order: str) -> None:
        found = objects.read(self._s3, self._bucket, held.key)
        same = found is not None and json.loads(found[0])["what"] == order
        if same or not self._alive(held.key):
            tag = found[1] if found and same else None
            if objects.put(self._s3, self._bucket, held.key, held.body, tag):
                return
        raise ServiceError(
            f"Captured records of {self._endpoint} are being forgotten by another process.",
            "Nothing was searched or deleted.",
            "Run the same command again when it has ended. If it died, give its order again, which finishes "
            f"it; {DEAD_AFTER.total_seconds() / 3600:.0f} hours later any order may begin.",
        )

    def _refuse_readers(self) -> None:
        at_work = []
        for item in objects.listed(self._s3, self._bucket, f"{self._place}shared/"):
            if self._alive(item["Key"]):
                found = objects.read(self._s3, self._bucket, item["Key"])
                at_work += [(item["Key"], json.loads(found[0]))] if found else []
        if at_work:
            key, one = at_work[0]
            raise ServiceError(
                f"{one['what']} of {self._endpoint} is at work since {one['begun'][:16]}Z.",
                "It may hold what is to be forgotten and write it later, so nothing was deleted.",
                "Run the same command again when it has ended. If it died, that is known "
                f"{DEAD_AFTER.total_seconds() / 3600:.0f} hours after its last sign of life; sooner, if you "
                f"are sure, delete s3://{self._bucket}/{key}",
            )

    def _alive(self, key: str) -> bool:
        """Whether somebody holds this object; one that counts as dead holds it no longer."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error_code(error) in MISSING - {"NoSuchBucket"}:
                return False
            raise
        # Both by the clock of S3.
        asked = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        if asked - answer["LastModified"] < DEAD_AFTER:
            return True
        self._s3.delete_object(Bucket=self._bucket, Key=key)
        return False

    def _drop(self, held: Holder) -> None:
        # Who cannot say so now counts as dead later, and what went wrong meanwhile is what is to be told.
        with suppress(ClientError, BotoCoreError):
            self._s3.delete_object(Bucket=self._bucket, Key=held.key)
