"""The ledger in the stage's bucket: numbered objects, each written once by a conditional put.

`If-None-Match: *` makes S3 refuse a number that is taken, so of two writers exactly one wins; the loser
learns that the stage is not its own any more and stops. An append is one call, and two when it was doubted.

The newest number is found by one listing that begins where the heartbeat last was: it names the entry that
its rollout had come to.
"""

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from release.adapters.aws import StageAws, error_code
from release.adapters.owner import is_alive, this_process
from release.domain import ledger
from release.domain.errors import ServiceError
from release.domain.ledger import Closed, Entry, Opened, OpenRollout, Payload, Stored, Subject

PREFIX = "ledger/"
HEARTBEAT = "ledger-heartbeat.json"
CONFLICT_ATTEMPTS = 5
CONFLICT_SECONDS = 0.2
"""S3 answers 409 while another conditional write of the same key is under way: it is asked again."""
_NOWHERE = {"NoSuchKey", "NoSuchBucket"}


class LedgerStore:
    """The ledger of one stage. Every method may raise boto3's errors."""

    def __init__(self, aws: StageAws, bucket: str) -> None:
        self._s3 = aws.client("s3")
        self._bucket = bucket
        self._owner = this_process()
        self._last: Stored | None = None
        self._looked = False

    def exists(self) -> bool:
        """Whether the bucket is there."""
        try:
            self._s3.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchBucket", "NotFound"}:
                return False
            raise
        return True

    def open(self) -> OpenRollout | None:
        """The rollout that is open, or None."""
        return ledger.open_rollout(self._tail())

    def alive(self, found: OpenRollout) -> bool:
        """Whether the process that works on the open rollout still lives."""
        beat = self._heartbeat()
        at = datetime.fromisoformat(beat["at"]) if beat.get("rollout") == found.id else None
        return is_alive(found.owner, at, datetime.now(UTC))

    def latest(self, most: int | None) -> list[Stored]:
        """The newest `most` entries (None: all), oldest first."""
        last = self._newest_number()
        first = 1 if most is None else max(1, last - most + 1)
        return [self._read(number) for number in range(first, last + 1)]

    def append(self, subject: Subject, what: Payload) -> Entry:
        """Write the next entry. Raises ServiceError when the stage became another process's."""
        if not self._looked:
            self._tail()
        for _ in range(CONFLICT_ATTEMPTS):
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            entry = ledger.following(self._last, at, subject, self._owner, what)
            outcome = self._put(entry)
            if outcome == "written" or (outcome == "taken" and self._is_mine(entry)):
                self._last = Stored.from_bytes(entry.to_bytes())
                return entry
            if outcome == "busy":
                time.sleep(CONFLICT_SECONDS)
                continue
            self._still_allowed(subject, what)
        raise _lost()

    @contextmanager
    def heartbeat(self, rollout: str) -> Generator[None]:
        """Keeps saying that this process is at work on `rollout`, for readers on other hosts."""
        stopped = threading.Event()

        def beat() -> None:
            while True:
                number = self._last.entry.number if self._last else 0
                body = {"rollout": rollout, "at": datetime.now(UTC).isoformat(), "number": number}
                # A missed beat must not end a rollout; the next one may get through.
                with suppress(BotoCoreError, ClientError):
                    self._s3.put_object(Bucket=self._bucket, Key=HEARTBEAT, Body=json.dumps(body).encode())
                if stopped.wait(ledger.STALE_SECONDS / 4):
                    return

        thread = threading.Thread(target=beat, name="ledger-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join(timeout=5)

    def _tail(self) -> list[Stored]:
        """The newest entries, oldest first, back to the last one that opened or closed a rollout."""
        found: list[Stored] = []
        for number in range(self._newest_number(), 0, -1):
            stored = self._read(number)
            found.insert(0, stored)
            if isinstance(stored.entry.what, Opened | Closed):
                break
        self._last = found[-1] if found else None
        self._looked = True
        return found

    def _put(self, entry: Entry) -> str:
        """`written`, `taken` by whoever has the number, or `busy`."""
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=_key(entry.number),
                Body=entry.to_bytes(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error_code(error) == "PreconditionFailed":
                return "taken"
            if error_code(error) == "ConditionalRequestConflict":
                return "busy"
            raise
        return "written"

    def _is_mine(self, entry: Entry) -> bool:
        """Whether what lies there is this very entry: a write that was answered, and the answer lost."""
        found = self._read(entry.number).entry
        return found.model_copy(update={"at": entry.at}) == entry

    def _still_allowed(self, subject: Subject, what: Payload) -> None:
        """After another's entry: go on only if it changed nothing for this one (refusals in between)."""
        looked = self._last.entry.number if self._last else 0
        tail = self._tail()
        if isinstance(what, ledger.Refused):
            return
        if isinstance(what, Opened):
            since = [self._read(number) for number in range(looked + 1, self._newest_number() + 1)]
            if not all(isinstance(stored.entry.what, ledger.Refused) for stored in since):
                # What this process decided on is past: it has to look and decide again.
                raise _lost()
            return
        found = ledger.open_rollout(tail)
        if found is None or found.id != subject.rollout or found.owner != self._owner:
            raise _lost()

    def _heartbeat(self) -> dict[str, Any]:
        try:
            return json.loads(self._s3.get_object(Bucket=self._bucket, Key=HEARTBEAT)["Body"].read())
        except ClientError as error:
            if error_code(error) in _NOWHERE:
                return {}
            raise

    def _newest_number(self) -> int:
        """The number of the newest entry, 0 when there is none."""
        hint = int(self._heartbeat().get("number") or 0)
        numbers = self._numbers_after(max(hint - 1, 0))
        return numbers[-1] if numbers else (self._numbers_after(0) or [0])[-1]

    def _numbers_after(self, number: int) -> list[int]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=PREFIX, StartAfter=_key(number)
        )
        return sorted(_number(item["Key"]) for page in pages for item in page.get("Contents", []))

    def _read(self, number: int) -> Stored:
        data = self._s3.get_object(Bucket=self._bucket, Key=_key(number))["Body"].read()
        try:
            return Stored.from_bytes(data)
        except ValidationError as error:
            raise ServiceError(
                f"Entry {number} of the ledger in {self._bucket} cannot be read: {error.errors()[0]['msg']}",
                "Without it nobody can tell where the stage stands, so nothing was changed.",
                f"Restore s3://{self._bucket}/{_key(number)} from its versions; the bucket keeps them all.",
            ) from None


def _key(number: int) -> str:
    return f"{PREFIX}{number:08d}.json"


def _number(key: str) -> int:
    return int(key.removeprefix(PREFIX).removesuffix(".json"))


def _lost() -> ServiceError:
    return ServiceError(
        "Another process wrote to this stage's ledger first.",
        "The stage is its own now; this command stopped and changed nothing more.",
        "See ./slipway status, then run this again.",
    )
