"""The ledger in the stage's bucket: numbered objects, each written once by a conditional put.

`If-None-Match: *` makes S3 refuse a number that is taken, so of two writers exactly one wins; the loser reads
what took its number, and stops unless that changes nothing for it. An append is one call, and two when its
answer was lost.

The newest number is found by one listing that begins where the heartbeat last was: it names the entry that
its rollout had come to.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from release.adapters import objects
from release.adapters.aws import MISSING, StageAws, bucket_exists, error_code
from release.adapters.owner import is_alive, this_process
from release.domain import chain, ledger, names
from release.domain.chain import UPDATE, OfLaterVersion, Shelf, Written
from release.domain.errors import Damaged, ServiceError
from release.domain.ledger import Closed, Entry, Heartbeat, Link, OpenRollout, Payload, Stored, Subject
from release.domain.look_back import look_back, naming_others
from release.domain.retraining import Retrain

PREFIX = "ledger/"
ACCEPTED = "ledger-accepted.json"
"""A note of the entry by which a person went on over damage, so that it need not be looked for."""
CONFLICT_ATTEMPTS = 5
CONFLICT_SECONDS = 0.2
"""S3 answers 409 while another conditional write of the same key is under way: it is asked again."""
READS_AT_ONCE = 8
TAIL = 25
"""So many of the newest entries are read before a release: a judged rollout of four steps."""


class LedgerStore:
    """The ledger of one stage. Every method may raise boto3's errors."""

    def __init__(self, aws: StageAws, bucket: str) -> None:
        self._s3 = aws.client("s3")
        self._bucket = bucket
        self.owner = this_process()
        self._last: Stored | Link | None = None
        self._looked = False
        self._known: list[Stored] = []
        """What the last look found, and what was written since."""
        self._over_damage = False
        self._gone: dict[str, datetime] = {}

    def exists(self) -> bool:
        """Whether the bucket is there."""
        return bucket_exists(self._s3, self._bucket)

    def open(self, endpoint: str | None = None) -> OpenRollout | None:
        """The rollout that holds the stage, else the experiment that holds the endpoint (None: any)."""
        return ledger.holding(self.all_open(), endpoint)

    def all_open(self) -> list[OpenRollout]:
        """The rollout at work, and the experiments that run."""
        return ledger.open_rollouts(self._look())

    def alive(self, found: OpenRollout | Retrain) -> bool:
        """Whether the process that works on the open rollout, or on the retrain, still lives."""
        if isinstance(found, Retrain):
            beat, age = self._beat(names.retrain_heartbeat(found.endpoint))
            return is_alive(found.owner, age if beat and beat.rollout == found.id else None)
        beat, age = self._beat()
        mine = beat is not None and beat.rollout == found.id
        alive = is_alive(found.owner, age if mine else None)
        if mine and not alive:
            self._gone[found.owner.host] = beat.at
        return alive

    def left_by_the_dead(self, host: str, at: datetime) -> bool:
        """Whether what was begun on `host` at `at` was begun by a process that this one found dead.

        Both times are told by that host's own clock: `at`, and the last beat of its heart.
        """
        last = self._gone.get(host)
        return last is not None and at <= last + timedelta(seconds=ledger.BEAT_SECONDS)

    def latest(self, most: int | None) -> list[Stored]:
        """The newest `most` entries (None: all), oldest first."""
        last = self._newest_number()
        first = 1 if most is None else max(1, last - most + 1)
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            return list(pool.map(self._read, range(first, last + 1)))

    def newest_first(self) -> Iterator[Stored]:
        """The entries one by one, the newest first: what is not asked for is not read."""
        for number in range(self._newest_number(), 0, -1):
            stored = self._readable(number)
            if stored is not None:
                yield stored

    def pass_over_damage(self) -> None:
        """From now on, go by what can be read, and write after what cannot."""
        self._over_damage = True

    def damage(self) -> tuple[str, ...]:
        """What is wrong with the ledger, as far as that shows without all of its entries being read."""
        shelf = self._shelf(lambda versions: len(versions) > 1)
        found = [*chain.seen_from_outside(shelf), *self._damage_of_the_end(shelf.heartbeat)]
        known = self._accepted() if found else frozenset()
        # What a person went on over is read over, too.
        self._over_damage = self._over_damage or bool(known)
        return tuple(problem for problem in found if problem not in known)

    def _damage_of_the_end(self, beat: Heartbeat | None) -> list[str]:
        last = self._newest_there(beat)
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            tail = list(pool.map(self._read_or_why, range(max(1, last - TAIL + 1), last + 1)))
        found = [one for one in tail if isinstance(one, str)]
        for before, after in pairwise(tail):
            if isinstance(before, Stored) and isinstance(after, Stored):
                found += filter(None, [chain.broken_link([before, after])])
        end = tail[-1] if tail else None
        if isinstance(end, Stored) and beat and beat.number == last and beat.sha256 not in ("", end.sha256):
            found.append(f"entry {last} was changed: its hash is another than the heartbeat's")
        return found

    def _read_or_why(self, number: int) -> Stored | str:
        try:
            return self._read(number)
        except Damaged as error:
            return error.cause

    def accept(self, entry: Entry) -> None:
        """From `entry` on, what it says in `over` counts as damage no more, and is passed over."""
        body = names.canonical_json({"entry": entry.number})
        self._s3.put_object(Bucket=self._bucket, Key=ACCEPTED, Body=body)

    def _accepted(self) -> frozenset[str]:
        """The damage over which a person went on: by the entry that says so, which is found by a note."""
        try:
            note = self._s3.get_object(Bucket=self._bucket, Key=ACCEPTED)["Body"].read()
            what = self._read(int(json.loads(note)["entry"])).entry.what
        except ClientError as error:
            if error_code(error) in MISSING:
                return frozenset()
            raise
        except (Damaged, ValueError, KeyError, TypeError):
            return frozenset()
        return frozenset(what.over) if isinstance(what, Closed) else frozenset()

    def append(self, subject: Subject, what: Payload) -> Entry:
        """Write the next entry. Raises ServiceError when the stage became another process's."""
        if not self._looked:
            self._look()
        what = naming_others(what, subject.rollout, ledger.open_rollouts(self._known))
        while True:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            entry = ledger.following(self._last, at, subject, self.owner, what)
            mine = Stored.from_bytes(entry.to_bytes())
            there = mine if self._put(entry) == "written" else self._read(entry.number)
            # The same bytes are a write of one's own that was answered, and the answer lost.
            if there != mine and not ledger.may_follow(what, there.entry.what):
                raise _lost()
            self._last = there
            self._known.append(there)
            if there == mine:
                return entry

    @contextmanager
    def heartbeat(self, of: str, retrained: str = "") -> Generator[None]:
        """Keeps saying, for readers on other hosts, that this process is at work on the rollout of this id,
        or on the retrain, of the endpoint `retrained`, beside the stage's rollouts."""
        key = names.retrain_heartbeat(retrained) if retrained else names.HEARTBEAT
        stopped = threading.Event()

        def beat() -> None:
            while True:
                self._put_beat(of, key)
                if stopped.wait(ledger.BEAT_SECONDS):
                    return

        thread = threading.Thread(target=beat, name="ledger-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join(timeout=5)
        if self._last:
            self._put_beat(of, key)  # the end of the ledger is on record in two places

    def shelf(self) -> Shelf:
        """Everything that lies, or lay, where the ledger is, in all its versions."""
        return self._shelf(lambda versions: True)

    def _shelf(self, read: Callable[[Sequence[str]], bool]) -> Shelf:
        """As `shelf`; the bytes of an object only where `read` says so of its versions."""
        beat, _ = self._beat()
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=PREFIX)
        written: dict[str, list[str]] = {}
        gone = set()
        for page in pages:
            for found in page.get("Versions", []):  # the newest of a key comes first
                written.setdefault(found["Key"], []).insert(0, found["VersionId"])
            for found in page.get("DeleteMarkers", []):
                written.setdefault(found["Key"], [])
                gone |= {found["Key"]} if found["IsLatest"] else set()
        asked = [(key, version) for key, all_of in written.items() if read(all_of) for version in all_of]
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            bodies = dict(zip(asked, pool.map(self._version, asked), strict=True))
        objects = []
        for key, versions in written.items():
            match = _KEY.fullmatch(key)
            number = int(match["number"]) if match else None
            data = tuple(bodies.get((key, version), b"") for version in versions)
            objects.append(Written(key, number, data, gone=key in gone))
        return Shelf(objects, beat)

    def _version(self, asked: tuple[str, str]) -> bytes:
        key, version = asked
        return self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=version)["Body"].read()

    def _put_beat(self, rollout: str, key: str) -> None:
        last = self._last
        number, sha256 = (last.number, last.sha256) if last else (0, "")
        body = Heartbeat(rollout=rollout, at=datetime.now(UTC), number=number, sha256=sha256)
        # A missed beat must not end a rollout; the next one may get through.
        with suppress(BotoCoreError, ClientError):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body.model_dump_json().encode())

    def _look(self) -> list[Stored]:
        """The entries, oldest first, that say what is open."""
        found = look_back(self.newest_first(), self._readable)
        self._last = found[-1] if found else None
        if self._over_damage:
            self._last = self._last_written() or self._last
        self._looked, self._known = True, found
        return found

    def _readable(self, number: int) -> Stored | None:
        """Entry `number`; None where damage is gone over, and it is damaged."""
        try:
            return self._read(number)
        except Damaged:
            if not self._over_damage:
                raise
            return None

    def _last_written(self) -> Link | None:
        """The end of the ledger whatever was done to it since: what is put back then still has its place."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=PREFIX)
        first: dict[str, str] = {}
        for found in (found for page in pages for found in page.get("Versions", [])):
            if _KEY.fullmatch(found["Key"]):
                first[found["Key"]] = found["VersionId"]  # the oldest comes last
        if not first:
            return None
        key = max(first)
        data = self._version((key, first[key]))
        return Link(int(key[len(PREFIX) : -len(".json")]), hashlib.sha256(data).hexdigest())

    def _put(self, entry: Entry) -> Literal["written", "taken"]:
        """Write an entry, or learn that its number is taken."""
        for _ in range(CONFLICT_ATTEMPTS):
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=_key(entry.number),
                    Body=entry.to_bytes(),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                match error_code(error):
                    case "PreconditionFailed":
                        return "taken"
                    case "ConditionalRequestConflict":
                        time.sleep(CONFLICT_SECONDS)
                    case _:
                        raise
            else:
                return "written"
        raise ServiceError(
            f"S3 does not come to say who wrote entry {entry.number} of the ledger in {self._bucket}.",
            "What was recorded so far stays; nothing more was changed.",
            "Run the same command again.",
        )

    def _beat(self, key: str = names.HEARTBEAT) -> tuple[Heartbeat, float] | tuple[None, None]:
        """The last heartbeat and its age in seconds; None where there is none that can be read.

        S3's own clock tells the age, when it was written and when it was read: two hosts' clocks may differ.
        """
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            found = Heartbeat.model_validate_json(answer["Body"].read())
        except ValidationError:
            return None, None
        except ClientError as error:
            if error_code(error) in MISSING:
                return None, None
            raise
        asked = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return found, (asked - answer["LastModified"]).total_seconds()

    def _newest_number(self) -> int:
        """The number of the newest entry, 0 when there is none. Raises Damaged where the end is gone."""
        beat, _ = self._beat()
        number = self._newest_there(beat)
        if beat and beat.number > number and not self._over_damage:
            raise self._unreadable(beat.number, "it is missing, and the heartbeat knows it")
        return number

    def _newest_there(self, beat: Heartbeat | None) -> int:
        # A number that is not there (any more) leads nowhere; then the whole ledger is listed.
        numbers = self._numbers_from(beat.number) if beat and beat.number > 1 else []
        return max(numbers or self._numbers_from(1), default=0)

    def _numbers_from(self, number: int) -> list[int]:
        there = objects.listed(self._s3, self._bucket, PREFIX, _key(number - 1))
        keys = [item["Key"] for item in there]
        return [int(found["number"]) for key in keys if (found := _KEY.fullmatch(key))]

    def _bytes(self, number: int) -> bytes:
        """What lies where entry `number` has to be. Raises Damaged when nothing does."""
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=_key(number))["Body"].read()
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
        raise self._unreadable(number, "it is missing")

    def _read(self, number: int) -> Stored:
        """Entry `number`. Raises Damaged when what lies there is none, or another, or nothing."""
        data = self._bytes(number)
        try:
            found = Stored.from_bytes(data)
        except ValidationError as error:
            raise self._unreadable(number, chain.why_unreadable(data, error)) from None
        if found.entry.number != number:
            raise self._unreadable(number, f"it is entry {found.entry.number}")
        return found

    def _unreadable(self, number: int, why: str) -> Damaged:
        cause = f"Entry {number} of the ledger in {self._bucket} cannot be read: {why}"
        if isinstance(why, OfLaterVersion):
            danger = "Whoever passes it over misreads where the stage stands, so nothing was changed."
            return Damaged(OfLaterVersion(cause), danger, UPDATE)
        return Damaged(
            cause,
            "Without it nobody can tell where the stage stands, so nothing was changed.",
            f"Restore s3://{self._bucket}/{_key(number)} from its versions; the bucket keeps them all.",
        )


_KEY = re.compile(re.escape(PREFIX) + r"(?P<number>\d{8})\.json")


def _key(number: int) -> str:
    return f"{PREFIX}{number:08d}.json"


def _lost() -> ServiceError:
    return ServiceError(
        "Another process wrote to this stage's ledger first.",
        "The stage is its own now; this command stopped and changed nothing more.",
        "See ./slipway status, then run this again.",
    )
