"""What is to be forgotten is found, and deleted from S3: from every version of every object that holds it.

First it is found out what goes, and nothing is deleted. Then an object is written anew without it, on
condition that it is still the one that was read, and all its other versions are deleted. Doing it again,
after a process died in the middle, comes to the same.
"""

import hashlib
import secrets
from collections.abc import Sequence, Set
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from monitoring.capture.places import Found, Scope
from monitoring.capture.selection import CAPTURES, PROOFS, Change, Proof
from monitoring.storage import again
from monitoring.storage.lock import Holder, RecordsLock
from monitoring.storage.searching import Looks, Search
from monitoring.storage.versions import VersionedObjects
from release.adapters import objects
from release.domain import names


class Erasure:
    """One stage's account: `monitoring.ports.Erasure`. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._store = VersionedObjects(s3)
        self._bucket = bucket

    def secret(self, make: bool) -> bytes:
        """The key of hashes; where no container has made it, it is made, or drawn for this once."""
        there = objects.read(self._s3, self._bucket, names.CAPTURE_SECRET)
        if there:
            return there[0]
        drawn = secrets.token_bytes(32)
        if not make or objects.put(self._s3, self._bucket, names.CAPTURE_SECRET, drawn, None):
            return drawn
        return self.secret(make)

    def alone(self, endpoint: str, order: str) -> AbstractContextManager[Holder]:
        """While nobody reads an endpoint's records or writes what they say."""
        return RecordsLock(self._s3, self._bucket, endpoint).exclusive(order)

    def find(self, scope: Scope, known: Set[str]) -> Found:
        """All that is selected, and what was made of it."""
        return Search(self._s3, self._bucket, scope).run(known)

    def erase(self, change: Change, scope: Scope, known: Set[str]) -> None:
        """Have an object without what is selected, and no other version of it."""
        there = self._store.at(change.uri)
        # A proof of before places were named holds capture files alone.
        look = Looks(scope, known).of(change.place or CAPTURES, there.key)
        keep = None
        for version, told, body in self._store.bodies(there):
            if version.newest:
                rest = look(body).rest
                if rest == body:
                    keep = version.id
                elif rest:
                    keep = self._store.rewrite(there, told, rest)
        self._store.delete(there, keep)

    def delete(self, change: Change) -> None:
        """Have no version of an object."""
        self._store.delete(self._store.at(change.uri))

    def mark_again(self, endpoint: str, hours: Sequence[datetime]) -> None:
        """Have the next look of `monitor` read these hours again."""
        again.mark_again(self._s3, self._bucket, endpoint, hours)

    def proof(self, name: str) -> Proof | None:
        """What was decided to be deleted under this id."""
        found = objects.read(self._s3, self._bucket, f"{PROOFS}{name}.json")
        return Proof.model_validate_json(found[0]) if found else None

    def keep(self, proof: Proof) -> str:
        """Keep it; returns its SHA-256."""
        body = names.canonical_json(proof.model_dump(mode="json"))
        self._s3.put_object(Bucket=self._bucket, Key=f"{PROOFS}{proof.id}.json", Body=body)
        return hashlib.sha256(body).hexdigest()
