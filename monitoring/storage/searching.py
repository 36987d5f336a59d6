"""A search for what is to be forgotten, through all of `monitoring/capture/places.py`; it changes nothing.

Captured records and tables of rows tell which requests are selected; everywhere else these are known by
their inference ids.
"""

import hashlib
from collections.abc import Iterable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from monitoring.capture.places import (
    EXPERIMENTS,
    PLACES,
    QUARANTINE,
    ROWS,
    TRUTH,
    UNKNOWN,
    Found,
    Holds,
    Scope,
    of_experiments,
    place_of,
)
from monitoring.capture.selection import CAPTURES, Change, Count
from monitoring.hours import place
from monitoring.storage import contents
from monitoring.storage.contents import Look, Looked, Names, Told
from monitoring.storage.versions import Versioned, VersionedObjects
from release.adapters import objects
from release.domain import s3_uri

AT_ONCE = 8
BY_NAME = (Holds.LABELS, Holds.REJECTED, Holds.DAY, Holds.JUDGED)
"""What is searched for the names of requests."""


class Looks:
    """How objects of each place are looked at, for whom a deletion is."""

    def __init__(self, scope: Scope, names: Set[str]) -> None:
        self._scope = scope
        self._names = Names(names)
        self._told = cache(lambda experiment: Told(scope.selected, self._names, experiment, scope.day))

    def of(self, where: str, key: str) -> Look:
        """How the object of a key in a place is looked at."""
        scope = self._scope
        if where == CAPTURES:
            return contents.records(scope.selected)
        if where == ROWS:
            return contents.answered(scope.selected, bool(scope.day))
        if where == QUARANTINE:
            return contents.quarantined(scope.selected)
        if where in EXPERIMENTS.values():
            return self._told(key.split("/")[1]).look(key)
        if where == TRUTH:
            return self._told("").look(key)
        if PLACES[where] is Holds.REJECTED:
            return contents.rejected(self._names)
        if PLACES[where] in (Holds.DAY, Holds.JUDGED):
            return contents.repeated(self._names)
        return contents.labels(self._names, bool(scope.day) and f"/{scope.day}/" in key)


class Search:
    """One search."""

    def __init__(self, s3: Any, bucket: str, scope: Scope) -> None:
        self._s3 = s3
        self._store = VersionedObjects(s3)
        self._bucket = bucket
        self._scope = scope
        self._mine = place(scope.endpoint)
        self.found = Found()

    def run(self, known: Set[str]) -> Found:
        """All that is selected, and what was made of it; `known` are inference ids of an earlier search."""
        scope, found = self._scope, self.found
        for where in (CAPTURES, *PLACES, *EXPERIMENTS.values(), TRUTH):
            found.counts[where] = Count(place=where)
        first = Looks(scope, known)
        self._captured(first)
        self._answered(first)
        looks = Looks(scope, found.names | known)
        for where, holds in PLACES.items():
            if holds in BY_NAME:
                found.changes += self._changes(where, self._below(f"{self._mine}{where}"), looks)
        for prefix, where in of_experiments(scope.experiments):
            found.changes += self._changes(where, self._below(prefix), looks)
        if scope.truth and found.names | known:
            self._owned(looks)
        self._unknown()
        self._derived()
        return found

    def _captured(self, looks: Looks) -> None:
        day = f"/{self._scope.day}/" if self._scope.day else ""
        for uri in self._scope.captures:
            bucket, prefix = s3_uri.parts(f"{uri}/{self._scope.in_sagemaker}/")
            there = (one for one in self._store.below(bucket, prefix) if day in one.key)
            self.found.changes += self._changes(CAPTURES, there, looks, hourly=True)

    def _answered(self, looks: Looks) -> None:
        """What was made of records tells hours and requests; it goes with its hour, as a whole."""
        for where in (ROWS, QUARANTINE):
            there = self._below(f"{self._mine}{where}{self._scope.day}")
            self._changes(where, there, looks, hourly=True)

    def _changes(
        self, where: str, there: Iterable[Versioned], looks: Looks, hourly: bool = False
    ) -> list[Change]:
        """Search these objects; `hourly` says that they lie by the hour of what they hold."""
        changes = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            files = list(there)
            looked = pool.map(lambda one: self._looked(where, one, looks.of(where, one.key)), files)
            for file, (change, whole) in zip(files, looked, strict=True):
                self.found.add(where, len(whole.found), whole.unread)
                if whole.unread:
                    self.found.unread[file.uri] = whole.unread
                if whole.found:
                    changes.append(change)
                    self.found.names |= whole.names
                    self.found.hours |= {"/".join(file.key.split("/")[-5:-1])} if hourly else set()
        return changes

    def _looked(self, where: str, file: Versioned, look: Look) -> tuple[Change, Looked]:
        """What all versions of an object come to together, and what is to become of it."""
        found, names, unread = set[bytes](), set[str](), 0
        before, after, stays = "", "", False
        for version, _, body in self._store.bodies(file):
            one = look(body)
            found |= one.found
            names |= one.names
            unread = max(unread, one.unread)
            if version.newest:
                before, after, stays = _digest(body), _digest(one.rest), one.rest == body
        change = Change(
            uri=file.uri,
            place=where,
            before=before,
            after=after,
            records=len(found),
            versions=len(file.versions) - stays,
        )
        return change, Looked(frozenset(found), unread, b"", frozenset(names))

    def _owned(self, looks: Looks) -> None:
        """Truth is read as it lies there now: it is not ours to change."""
        bucket, prefix = s3_uri.parts(self._scope.truth)
        for item in objects.listed(self._s3, bucket, prefix):
            there = objects.read(self._s3, bucket, item["Key"])
            count = len(looks.of(TRUTH, item["Key"])(there[0]).found) if there else 0
            self.found.add(TRUTH, count, 0)
            if count:
                self.found.owned[f"s3://{bucket}/{item['Key']}"] = count

    def _unknown(self) -> None:
        for one in self._below(self._mine):
            if not place_of(one.key.removeprefix(self._mine)):
                self.found.add(UNKNOWN, 0, 1)
                self.found.unread[one.uri] = 1

    def _derived(self) -> None:
        """What was made of the selected hours, or of a whole day, goes as a whole."""
        day, hours = self._scope.day, sorted(self.found.hours)
        days = sorted({hour.rpartition("/")[0] for hour in hours} | ({day} if day else set()))
        for where, holds in PLACES.items():
            prefixes = {
                Holds.HOUR: [f"{day}/"] if day else [f"{hour}" for hour in hours],
                Holds.DAY: [one.replace("/", "-") for one in days],
            }.get(holds, [])
            for prefix in prefixes:
                for one in self._below(f"{self._mine}{where}{prefix}"):
                    change = Change(uri=one.uri, place=where, records=0, versions=len(one.versions))
                    self.found.derived.append(change)

    def _below(self, prefix: str) -> Iterator[Versioned]:
        return self._store.below(self._bucket, prefix)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest() if body else ""
