"""The ledger in the stage's bucket: numbered objects, each written once by a conditional put.

`If-None-Match: *` makes S3 refuse a number that is taken, so of two writers exactly one wins; the loser
learns that the stage is not its own any more and stops.
"""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from release.adapters.aws import StageAws, error_code
from release.adapters.owner import is_alive, this_process
from release.domain import ledger
from release.domain.errors import ServiceError
from release.domain.ledger import Entry, Event, Kind, OpenRollout

PREFIX = "ledger/"
HEARTBEAT = "ledger-heartbeat.json"


class LedgerStore:
    """The ledger of one stage. Every method may raise boto3's errors."""

    def __init__(self, aws: StageAws, bucket: str) -> None:
        self._s3 = aws.client("s3")
        self._bucket = bucket
        self._owner = this_process()

    def entries(self) -> list[Entry]:
        """All entries, oldest first."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        keys = sorted(item["Key"] for page in pages for item in page.get("Contents", []))
        return [self._read(key) for key in keys]

    def tail(self) -> list[Entry]:
        """The newest entries, oldest first, back to the last one that opened or closed a rollout."""
        last = self._last_number()
        found: list[Entry] = []
        for number in range(last, 0, -1):
            entry = self._read(_key(number))
            found.insert(0, entry)
            if entry.event == "opened" or entry.event in ledger.CLOSING:
                break
        return found

    def append(
        self, kind: Kind, event: Event, endpoint: str, release: str, rollout: str, **data: Any
    ) -> Entry:
        """Write the next entry. Raises ServiceError when another process wrote it first."""
        tail = self.tail()
        if event not in {"opened", "refused", "resumed"}:
            self._still_mine(tail, rollout)
        entry = Entry(
            number=tail[-1].number + 1 if tail else 1,
            previous=tail[-1].hash if tail else "",
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            kind=kind,
            event=event,
            endpoint=endpoint,
            release=release,
            rollout=rollout,
            owner=self._owner,
            data=data,
        )
        if event == "opened" and ledger.open_rollout(tail):
            raise _lost()
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=_key(entry.number),
                Body=entry.to_bytes(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise _lost() from None
            raise
        return entry

    def owner_alive(self, found: OpenRollout) -> bool:
        """Whether the process that works on the open rollout still lives."""
        return is_alive(found.owner, self._heartbeat(found.id), datetime.now(UTC))

    @contextmanager
    def heartbeat(self, rollout: str) -> Generator[None]:
        """Keeps saying that this process is at work on `rollout`, for readers on other hosts."""
        stopped = threading.Event()

        def beat() -> None:
            while True:
                body = json.dumps({"rollout": rollout, "at": datetime.now(UTC).isoformat()})
                # A missed beat must not end a rollout; the next one may get through.
                with suppress(BotoCoreError, ClientError):
                    self._s3.put_object(Bucket=self._bucket, Key=HEARTBEAT, Body=body.encode())
                if stopped.wait(ledger.STALE_SECONDS / 4):
                    return

        thread = threading.Thread(target=beat, name="ledger-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join(timeout=5)

    def _heartbeat(self, rollout: str) -> datetime | None:
        try:
            body = json.loads(self._s3.get_object(Bucket=self._bucket, Key=HEARTBEAT)["Body"].read())
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return None
            raise
        return datetime.fromisoformat(body["at"]) if body.get("rollout") == rollout else None

    def _still_mine(self, tail: list[Entry], rollout: str) -> None:
        found = ledger.open_rollout(tail)
        if found is None or found.id != rollout or found.owner != self._owner:
            raise _lost()

    def _last_number(self) -> int:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        return max((_number(item["Key"]) for page in pages for item in page.get("Contents", [])), default=0)

    def _read(self, key: str) -> Entry:
        return Entry.model_validate_json(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())


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
