"""Who works with an endpoint's captured records: many who read them, or one who forgets some.

monitoring/<endpoint>/lock/shared/<id>.json   somebody reads records, and will write what they say
monitoring/<endpoint>/lock/exclusive.json     somebody forgets records, or died meanwhile

Whoever reads says so before looking whether somebody forgets; whoever forgets says so before looking whether
somebody reads. S3 shows every write at once, so of two who begin together at least one sees the other and
gives way: nothing that was read before a deletion is written after its proof.

Both go on saying that they are at work, whatever takes long. Who has said nothing for as long as its `Lease`
counts as dead, and its object is deleted. Should it live it knows that by its own clock: a little sooner than
others it gives up, and the client of S3 sends no write of it any more, nor one that it sends again.
"""

import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Event, Lock, Thread
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from monitoring import hours
from release.adapters import objects
from release.adapters.aws import MISSING, error_code
from release.domain.errors import ServiceError

_WRITES = ("PUT", "POST")
_ATTEMPTS = 3


@dataclass(frozen=True)
class Lease:
    """How long somebody of whom nothing is heard counts as alive, and how often they say that they are."""

    dead_after: timedelta
    said_every: timedelta

    @property
    def gives_up_after(self) -> timedelta:
        """When a holder takes itself for dead: clearly before others do."""
        return self.dead_after - self.said_every


READING = Lease(timedelta(minutes=15), timedelta(minutes=1))
FORGETTING = Lease(timedelta(hours=6), timedelta(minutes=1))
"""Its order finishes what one that died began, so nobody need wait for as long."""


class Holder:
    """The lock, as one holds it."""

    def __init__(
        self, s3: Any, bucket: str, key: str, body: bytes, lease: Lease, clock: Callable[[], float]
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._lease = lease
        self._clock = clock
        self._said = clock()
        self._lost = False
        self._saying = Lock()
        self.key = key
        self.body = body

    def still(self, certainly: bool = False) -> None:
        """Say that the holder lives; asked before every write. Raises ServiceError where it counts as dead.

        It is asked of S3 only where the last time is a while ago, or it has to be known `certainly`.
        """
        self._refuse_late()
        now = self._clock()
        if not certainly and 0 <= now - self._said < self._lease.said_every.total_seconds():
            return
        with self._saying:
            if not self._said_to_s3():
                self._lost = True
            self._refuse_late()
            self._said = now

    @contextmanager
    def at_work(self) -> Generator[None]:
        """While something is done that takes long: it is said again and again, and no write is sent late."""
        over, events = Event(), self._s3.meta.events
        Thread(target=self._go_on_saying, args=(over,), daemon=True).start()
        events.register("before-send.s3", self._before_send, unique_id=self.key)
        try:
            yield
        finally:
            over.set()
            events.unregister("before-send.s3", unique_id=self.key)

    def _go_on_saying(self, over: Event) -> None:
        while not over.wait(self._lease.said_every.total_seconds()):
            try:
                self.still(certainly=True)
            except ServiceError:
                return
            except (ClientError, BotoCoreError):
                continue  # it is tried again, until it is too late

    def _before_send(self, request: Any, **_: Any) -> None:
        if request.method in _WRITES:
            self._refuse_late()

    def _refuse_late(self) -> None:
        silent = self._clock() - self._said
        if self._lost or silent >= self._lease.gives_up_after.total_seconds():
            raise ServiceError(
                "Nothing was heard of this process for so long that it counts as dead.",
                "Captured records may have been forgotten meanwhile, so what it read is not written.",
                "Run the same command again.",
            )

    def _said_to_s3(self) -> bool:
        """Whether the holder's object is there and was written anew; S3 refuses one of two writes at once."""
        for _ in range(_ATTEMPTS):
            found = objects.read(self._s3, self._bucket, self.key)
            if found is None or found[0] != self.body:
                return False
            if objects.put(self._s3, self._bucket, self.key, self.body, found[1]):
                return True
        return False


class RecordsLock:
    """The lock of one endpoint's captured records. Methods may raise boto3's errors."""

    def __init__(
        self,
        s3: Any,
        bucket: str,
        endpoint: str,
        clock: Callable[[], float] = time.time,
        reading: Lease = READING,
    ) -> None:
        self._s3 = s3
        self._reading = reading
        self._bucket = bucket
        self._endpoint = endpoint
        self._place = f"{hours.place(endpoint)}lock/"
        self._clock = clock

    @contextmanager
    def shared(self, what: str) -> Generator[Holder]:
        """While somebody reads records and writes what they say.

        Raises ServiceError where some are being forgotten.
        """
        held = self._held(f"shared/{uuid4().hex}.json", what, self._reading)
        self._s3.put_object(Bucket=self._bucket, Key=held.key, Body=held.body)
        try:
            if self._alive(f"{self._place}exclusive.json", FORGETTING):
                raise ServiceError(
                    f"Captured records of {self._endpoint} are being forgotten by another process.",
                    "What was read so far is kept; nothing is read meanwhile.",
                    "Run the same command again when ./slipway forget has ended. If its process died, give "
                    "the same forget again, which finishes it.",
                )
            with held.at_work():
                yield held
        finally:
            self._drop(held)

    @contextmanager
    def exclusive(self, order: str) -> Generator[Holder]:
        """While records are forgotten. Raises ServiceError where somebody reads, or forgets something else.

        The same `order` takes over from its own process that died.
        """
        held = self._held("exclusive.json", order, FORGETTING)
        self._take(held, order)
        try:
            with held.at_work():
                self._refuse_readers()
                yield held
        finally:
            found = objects.read(self._s3, self._bucket, held.key)
            if found and found[0] == held.body:
                self._drop(held)

    def _held(self, name: str, what: str, lease: Lease) -> Holder:
        body = json.dumps({"id": uuid4().hex, "what": what, "begun": datetime.now(UTC).isoformat()}).encode()
        return Holder(self._s3, self._bucket, f"{self._place}{name}", body, lease, self._clock)

    def _take(self, held: Holder, order: str) -> None:
        found = objects.read(self._s3, self._bucket, held.key)
        same = found is not None and json.loads(found[0])["what"] == order
        if same or not self._alive(held.key, FORGETTING):
            tag = found[1] if found and same else None
            if objects.put(self._s3, self._bucket, held.key, held.body, tag):
                return
        raise ServiceError(
            f"Captured records of {self._endpoint} are being forgotten by another process.",
            "Nothing was searched or deleted.",
            "Run the same command again when it has ended. If it died, give its order again, which finishes "
            f"it; {FORGETTING.dead_after.total_seconds() / 3600:.0f} hours later any order may begin.",
        )

    def _refuse_readers(self) -> None:
        at_work = []
        for item in objects.listed(self._s3, self._bucket, f"{self._place}shared/"):
            if self._alive(item["Key"], self._reading):
                found = objects.read(self._s3, self._bucket, item["Key"])
                at_work += [json.loads(found[0])] if found else []
        if at_work:
            one = at_work[0]
            raise ServiceError(
                f"{one['what']} of {self._endpoint} is at work since {one['begun'][:16]}Z.",
                "It may hold what is to be forgotten and write it later, so nothing was deleted.",
                "Run the same command again when it has ended. If it died, that is known "
                f"{self._reading.dead_after.total_seconds() / 60:.0f} minutes after its last sign of life.",
            )

    def _alive(self, key: str, lease: Lease) -> bool:
        """Whether somebody holds this object; one that counts as dead holds it no longer."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error_code(error) in MISSING - {"NoSuchBucket"}:
                return False
            raise
        # Both by the clock of S3.
        asked = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        if asked - answer["LastModified"] < lease.dead_after:
            return True
        self._s3.delete_object(Bucket=self._bucket, Key=key)
        return False

    def _drop(self, held: Holder) -> None:
        # Who cannot say so now counts as dead later, and what went wrong meanwhile is what is to be told.
        with suppress(ClientError, BotoCoreError):
            self._s3.delete_object(Bucket=self._bucket, Key=held.key)
