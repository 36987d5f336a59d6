"""Which captured records are to be forgotten, and what was deleted of them: values. Pure."""

import hashlib
import hmac
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from release.domain.pins import Data

PROOFS = "forgotten/"
"""Where a stage's bucket keeps what was deleted, one object a deletion."""
DERIVED = ("rows", "quarantine", "hours")
"""The folders of `monitoring/<endpoint>/` that hold what was made of an hour's records, by hour."""
DIGITS = 32
Selected = Callable[[bytes], bool | None]
"""Whether a line of a capture file is selected; None where nobody can tell."""


@dataclass(frozen=True)
class Selector:
    """The records of one request, of one subject (`column=value` of a row), or of one day (UTC)."""

    what: Literal["inference-id", "subject", "day"]
    value: str
    column: str = ""

    @property
    def day(self) -> date | None:
        """The day, of the records of one."""
        return date.fromisoformat(self.value) if self.what == "day" else None

    def asked(self, secret: bytes) -> str:
        """What the ledger may say of it: a day itself, all else as a hash that takes the key."""
        if self.what == "day":
            return self.value
        named = f"{self.what}\0{self.column}\0{self.value}".encode()
        return hmac.new(secret, named, hashlib.sha256).hexdigest()[:DIGITS]


def kinds(column: str, schemas: Sequence[Mapping[str, Any]]) -> set[str]:
    """What the releases' input schemas say that a column holds; both kinds of one that says neither."""
    found: set[str] = set()
    for schema in schemas:
        for feature in schema.get("features") or ():
            if feature.get("name") == column:
                kind = feature.get("kind")
                found |= {kind} if kind in ("number", "category") else {"number", "category"}
    return found


def single(number: float) -> float | None:
    """A number as the model reads it, of 32 bits; None for one that has no finite such value."""
    try:
        found: float = struct.unpack("<f", struct.pack("<f", float(number)))[0]
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def written_number(text: str) -> float | None:
    """The number that a text or a cell of CSV is, of 32 bits; None for one that is none, or not finite."""
    try:
        return None if "_" in text else single(float(text))
    except ValueError:
        return None


class Change(Data):
    """One capture file with such records. Hashes are SHA-256 of the newest content; none of what is not."""

    uri: str
    before: str = ""
    after: str = ""
    """Of what is left; empty where nothing is."""
    records: int
    versions: int
    """That go."""


class Proof(Data):
    """What is deleted, decided before any of it is, and kept."""

    format: Literal[1] = 1
    id: str
    endpoint: str
    what: str
    asked: str
    changes: tuple[Change, ...] = ()
    derived: tuple[Change, ...] = ()
    """Tables and counts that were made of these hours' records; they are made anew from what is left."""
    hours: tuple[str, ...] = ()
    """`yyyy-mm-ddThh` of what is made anew."""
    done: bool = False

    @property
    def records(self) -> int:
        """All records."""
        return sum(change.records for change in self.changes)

    @property
    def versions(self) -> int:
        """All versions of objects that go."""
        return sum(change.versions for change in (*self.changes, *self.derived))

    def also(self, other: "Proof") -> "Proof":
        """With what `other` found besides: of a file that both name, this one knows how it was before."""
        return self.model_copy(
            update={
                "changes": _joined(self.changes, other.changes),
                "derived": _joined(self.derived, other.derived),
                "hours": tuple(sorted({*self.hours, *other.hours})),
            }
        )


def _joined(known: tuple[Change, ...], found: tuple[Change, ...]) -> tuple[Change, ...]:
    uris = {change.uri for change in known}
    return (*known, *(change for change in found if change.uri not in uris))
